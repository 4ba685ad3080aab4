"""Clips and folders of frames, predicted as overlay videos."""
