"""The stages of the kit, each a process of its own, and what they run."""
