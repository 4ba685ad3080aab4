"""Shards: framing of records, names, checks against the manifest."""
