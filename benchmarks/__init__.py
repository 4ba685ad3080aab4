"""What the figures in README.md and BUILD.md come from."""
