"""Drawn street scenes with exact labelIds."""
