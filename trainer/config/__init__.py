"""Options: frozen, checked, saved beside the run.  No TensorFlow."""
