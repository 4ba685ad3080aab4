"""Networks: built, saved, recomputed."""
