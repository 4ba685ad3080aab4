"""The training loop and what it keeps, watches and writes."""
