"""Losses over the pixels that count."""
