"""Networks exported for other programs."""
