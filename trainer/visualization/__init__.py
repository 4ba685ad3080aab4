"""Pictures and charts for people."""
