"""What trainings and evaluations left in a run's folder."""
