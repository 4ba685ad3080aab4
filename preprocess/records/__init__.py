"""Frames as bytes: PNG checks, encoding, placement, shards."""
