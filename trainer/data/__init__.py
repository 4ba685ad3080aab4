"""From a data set to batches and frames."""
