"""Scores, reports and submissions."""
