"""Trainings whose scores are watched as they come."""
