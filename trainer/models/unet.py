"""The U-Net of the recipe, in Keras layers only.

A saved model loads without this project's code, on any Keras backend.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from trainer.config.sizes import SIZE_FACTOR

DEPTH = 4
"""Levels below the first; each halves the picture and doubles the width."""


def concatenating_conv(filters: int, dtype: str) -> Callable[[list], Any]:
    """Returns the plain join: concatenation, 3x3 convolution, ReLU."""

    def join(tensors: list):
        return _conv(layers.Concatenate(dtype=dtype)(tensors), filters, dtype)

    return join


def build_unet(
    input_shape: tuple[int | None, int | None, int],
    num_classes: int,
    base_filters: int = 64,
    dtype: str = "float32",
    normalization: Callable[..., layers.Layer] = layers.BatchNormalization,
    join: Callable[..., Callable[[list], Any]] = concatenating_conv,
) -> keras.Model:
    """Builds the U-Net.

    Args:
        input_shape: (height, width, 3); None for a side that may vary.
        num_classes: The number of class ids.
        base_filters: The width of the first level.
        dtype: The Keras dtype policy of all layers but the last.
        normalization: Makes a layer of batch normalization.
        join: Makes what maps a skip connection and what comes from below
            to the first convolution's result, as `concatenating_conv` does.

    Returns:
        A model from (B, H, W, 3) float32 in [-1, 1] to (B, H, W,
        num_classes) float32 logits.

    Raises:
        ValueError: A side does not divide by 16.
    """
    for side in input_shape[:2]:
        if side is not None and side % SIZE_FACTOR:
            raise ValueError(
                f"both sides of the input must divide by {SIZE_FACTOR}, "
                f"because the network halves them {DEPTH} times; received "
                f"input_shape={input_shape}"
            )
    inputs = keras.Input(input_shape, dtype="float32", name="image")
    skips = []
    x = inputs  # (B, H, W, 3)
    for level in range(DEPTH):
        x = _double_conv(x, base_filters << level, dtype, normalization)
        skips.append(x)  # (B, H >> level, W >> level, filters << level)
        x = layers.MaxPooling2D(dtype=dtype)(x)
    x = _double_conv(x, base_filters << DEPTH, dtype, normalization)
    for level in reversed(range(DEPTH)):
        filters = base_filters << level
        x = layers.Conv2DTranspose(
            filters, 2, strides=2, activation="relu", dtype=dtype
        )(x)
        x = normalization(dtype=dtype)(x)
        x = join(filters, dtype=dtype)([skips[level], x])
        x = normalization(dtype=dtype)(x)
        x = normalization(dtype=dtype)(_conv(x, filters, dtype))
    logits = layers.Conv2D(num_classes, 1, dtype="float32", name="logits")(x)
    return keras.Model(inputs, logits, name="unet")


def _double_conv(
    x, filters: int, dtype: str, normalization: Callable[..., layers.Layer]
):
    """Twice: 3x3 convolution, ReLU, batch normalization."""
    for _ in range(2):
        x = normalization(dtype=dtype)(_conv(x, filters, dtype))
    return x


def _conv(x, filters: int, dtype: str):
    return layers.Conv2D(
        filters, 3, padding="same", activation="relu", dtype=dtype
    )(x)
