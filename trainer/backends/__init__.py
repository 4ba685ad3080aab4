"""The step on TensorFlow or JAX, its devices and processes."""
