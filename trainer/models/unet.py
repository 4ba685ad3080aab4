"""The U-Net of the recipe, in Keras layers only.

A saved model loads without this project's code, on any Keras backend.
"""

from typing import Any

import keras
from keras import layers

from trainer.config.sizes import SIZE_FACTOR
from trainer.models.kinds import PLAIN, Kinds

DEPTH = 4
"""Levels below the first; each halves the picture and doubles the width."""


def build_unet(
    input_shape: tuple[int | None, int | None, int],
    num_classes: int,
    base_filters: int = 64,
    kinds: Kinds = PLAIN,
) -> keras.Model:
    """Builds the U-Net.

    Args:
        input_shape: (height, width, 3); None for a side that may vary.
        num_classes: The number of class ids.
        base_filters: The width of the first level.
        kinds: What its layers are.

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
        x = _double_conv(x, base_filters << level, kinds)
        skips.append(x)  # (B, H >> level, W >> level, filters << level)
        x = layers.MaxPooling2D(dtype=kinds.dtype)(x)
    x = _double_conv(x, base_filters << DEPTH, kinds)
    for level in reversed(range(DEPTH)):
        filters = base_filters << level
        x = layers.Conv2DTranspose(
            filters, 2, strides=2, activation="relu", dtype=kinds.dtype
        )(x)
        x = kinds.normalize(x)
        x = kinds.normalize(kinds.join([skips[level], x], filters))
        x = kinds.normalize(kinds.conv(x, filters))
    logits = layers.Conv2D(num_classes, 1, dtype="float32", name="logits")(x)
    return keras.Model(inputs, logits, name="unet")


def _double_conv(x: Any, filters: int, kinds: Kinds) -> Any:
    """Twice: 3x3 convolution, ReLU, batch normalization."""
    for _ in range(2):
        x = kinds.normalize(kinds.conv(x, filters))
    return x
