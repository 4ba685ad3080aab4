"""What times commands side by side, and what they are given."""
