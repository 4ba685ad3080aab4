"""A saved network as inference runs it: windows to weighted probabilities."""

import keras
import numpy as np

from trainer.models.saved import pixels_to_probabilities
from trainer.models.strides import size_factor

_BATCH_SIZES = {True: 16, False: 1}
"""Whether there is a GPU or its like → windows a batch."""


class WindowNetwork:
    """A network that multiplies by the windows' weights on its device.

    Attributes:
        factor: What both sides of a window have to divide by.
    """

    def __init__(self, model: keras.Model, seen: np.ndarray | None = None):
        """Wraps a network of logits or probabilities.

        Args:
            model: The network.
            seen: (C,) bool, the ids that may be predicted; None for all.
        """
        is_jax = keras.backend.backend() == "jax"
        clone_layer = None if is_jax else _with_own_kernel
        probabilities = pixels_to_probabilities(model, clone_layer, seen)
        self.factor = size_factor(probabilities)
        pixels = keras.Input((None, None, 3), dtype="uint8")
        weights = keras.Input((None, None, 1), dtype="float32")
        self._model = keras.Model(
            [pixels, weights], probabilities(pixels) * weights
        )
        # XLA compiles for each shape anew, which a CPU never earns back.
        self._model.compile(jit_compile=is_jax)

    def __call__(self, windows: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Computes a batch.

        Args:
            windows: (B, h, w, 3) uint8.
            weights: (B, h, w) float32.

        Returns:
            (B, h, w, C) float32, each window's probabilities times weights.
        """
        return self._model.predict_on_batch([windows, weights[..., None]])


def default_batch_size() -> int:
    """Returns how many windows of a crop's size keep the device busy."""
    if keras.backend.backend() == "jax":
        import jax

        return _BATCH_SIZES[jax.default_backend() != "cpu"]
    import tensorflow as tf

    return _BATCH_SIZES[bool(tf.config.list_physical_devices("GPU"))]


def _with_own_kernel(layer: keras.Layer) -> keras.Layer:
    """Clones a layer; TensorFlow's one kernel normalizes batches."""
    from trainer.models import tf_layers

    kind = type(layer)
    if kind is keras.layers.BatchNormalization:
        kind = tf_layers.BatchNormalization
    return kind.from_config(layer.get_config())
