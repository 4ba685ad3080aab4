"""Others' ways, and ours, as commands that a benchmark times."""
