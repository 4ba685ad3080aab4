"""The contenders of `benchmarks.train_step`."""
