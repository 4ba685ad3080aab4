"""Runs side by side: what differs, curves, classes, frames."""
