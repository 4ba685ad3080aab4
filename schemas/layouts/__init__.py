"""How data sets name their files: which are of which frame."""
