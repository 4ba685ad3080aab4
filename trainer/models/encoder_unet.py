"""A U-Net whose way down is an encoder that others have trained.

A saved model loads without this project's code, on any Keras backend.
"""

from collections.abc import Sequence

import keras
from keras import layers

from trainer.models.encoders import FeaturePyramid
from trainer.models.kinds import PLAIN, Kinds

STRIDES = (16, 8, 4, 2, 1)
"""Those of the decoder's levels, from the coarsest."""


def build_encoder_unet(
    pyramid: FeaturePyramid,
    num_classes: int,
    decoder_filters: Sequence[int],
    kinds: Kinds = PLAIN,
    is_frozen: bool = False,
) -> keras.Model:
    """Builds the U-Net.

    Args:
        pyramid: The encoder, of `build_encoder`; is made anew of `kinds`.
        num_classes: The number of class ids.
        decoder_filters: The width of each level of `STRIDES`.
        kinds: What its layers are.
        is_frozen: Whether the encoder stays as it is.

    Returns:
        A model from (B, H, W, 3) float32 in [-1, 1] to (B, H, W,
        num_classes) float32 logits; sides divide by 32.
    """
    images = keras.Input((None, None, 3), dtype="float32", name="image")
    features = pyramid.place(images, kinds, is_frozen)
    x = features[2 * STRIDES[0]]  # (B, H / 32, W / 32, C)
    for stride, filters in zip(STRIDES, decoder_filters, strict=True):
        skips = [features[stride]] if stride in features else []
        x = kinds.normalize(kinds.up_join(skips, x, filters))
        x = kinds.normalize(kinds.conv(x, filters))
    logits = layers.Conv2D(num_classes, 1, dtype="float32", name="logits")(x)
    return keras.Model(images, logits, name="unet")
