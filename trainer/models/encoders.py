"""Encoders of U-Nets: built by name, with the weights that are asked for."""

import importlib
import os
import textwrap
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import layers

from trainer.config.encoders import ENCODERS, IMAGENET, NO_WEIGHTS
from trainer.config.flag import ConfigError
from trainer.models.kinds import Kinds

STRIDES = (2, 4, 8, 16, 32)
"""Those of an encoder's features."""

_OTHER_WEIGHTS = (
    f"give a file of this encoder's weights, or {IMAGENET}, or {NO_WEIGHTS} to "
    "begin without"
)
_OF_ENCODER = "is_of_encoder"
_LEARNED = "begins_learned"


class FeaturePyramid(NamedTuple):
    """An encoder.

    Attributes:
        network: (B, H, W, 3) float32 in [-1, 1] → a list of its features, of
            Keras's float32 layers.
        strides: Those of the features.
    """

    network: keras.Model
    strides: list[int]

    def place(
        self, images: Any, kinds: Kinds, is_frozen: bool
    ) -> dict[int, Any]:
        """Makes the encoder anew, with its weights, on a network's input.

        Args:
            images: (B, H, W, 3) float32 in [-1, 1], symbolic.
            kinds: What its layers become.
            is_frozen: Whether they stay as they are.

        Returns:
            Stride → feature.
        """
        placed = keras.models.clone_model(self.network, images, kinds.remake)
        placed.set_weights(self.network.get_weights())
        for layer in placed.layers:
            setattr(layer, _OF_ENCODER, True)
            layer.trainable = not is_frozen
        return dict(zip(self.strides, placed.outputs, strict=True))


def encoder_layers(model: keras.Model) -> list[keras.Layer]:
    """Returns the layers of a network's encoder; none without one."""
    return [layer for layer in model.layers if hasattr(layer, _OF_ENCODER)]


def begins_learned(layer: keras.Layer) -> bool:
    """Returns whether a layer's weights began as learned elsewhere."""
    return getattr(layer, _LEARNED, False)


def weighted_layers(model: keras.Model) -> list[keras.Layer]:
    """Returns the layers that have weights, the same of all `Kinds`."""
    return [layer for layer in model.layers if layer.weights]


def mark_learned(layers: Sequence[keras.Layer], is_learned: bool) -> None:
    """Notes whether the weights of layers began as learned elsewhere."""
    for layer in layers:
        setattr(layer, _LEARNED, is_learned)


def build_encoder(name: str, weights: str) -> FeaturePyramid:
    """Builds an encoder.

    Args:
        name: A key of `ENCODERS`.
        weights: `none`, `imagenet` or the path of a file.

    Raises:
        ConfigError: ImageNet's weights cannot be had; says what can be done.
        FileNotFoundError: There is no such file.
        ValueError: The file holds other weights, or none.
    """
    encoder = ENCODERS[name]
    if weights not in (NO_WEIGHTS, IMAGENET) and not os.path.isfile(weights):
        raise FileNotFoundError(
            f"--encoder_weights={weights} is no file on this machine; "
            f"{_OTHER_WEIGHTS}"
        )
    pixels = keras.Input((None, None, 3), name="image")
    x, (low, high) = pixels, encoder.pixel_range
    if (low, high) != (-1.0, 1.0):
        x = layers.Rescaling((high - low) / 2, (high + low) / 2)(x)
    module, _, function = encoder.builder.partition(":")
    build = getattr(importlib.import_module(module), function)
    try:
        with warnings.catch_warnings():
            # Of the size that the weights are named after.
            warnings.filterwarnings("ignore", "`input_shape` is undefined")
            # Keras goes on without what it does not find in a file.
            warnings.filterwarnings("error", "Skipping nested container")
            network = build(
                include_top=False,
                input_tensor=x,
                weights=None if weights == NO_WEIGHTS else weights,
            )
    except Exception as error:  # a download of Keras's raises a bare one
        if weights == NO_WEIGHTS:
            raise
        raise _without_weights(name, weights, error) from error
    found = {
        stride: network.get_layer(feature).output
        for stride, feature in zip(STRIDES, encoder.features, strict=True)
        if feature
    }
    if encoder.are_branches:
        found = {key: _sum_with(network, found[key]) for key in found}
    features = keras.Model(pixels, list(found.values()))
    return FeaturePyramid(features, list(found))


def _without_weights(name: str, weights: str, error: Exception) -> Exception:
    cause = "some of its layers are not in it"
    if not isinstance(error, UserWarning):
        # Keras prints whole layers and their numbers.
        cause = textwrap.shorten(str(error), 200).rstrip(".")
    if weights == IMAGENET:
        return ConfigError(
            f"--encoder_weights={IMAGENET} cannot be had for --encoder={name}: "
            f"{cause}. {ENCODERS[name].remedy}, or give the path of a file "
            "that holds them, or none to begin without"
        )
    return ValueError(
        f"--encoder_weights={weights} does not fit --encoder={name}: {cause}; "
        f"{_OTHER_WEIGHTS}"
    )


def _sum_with(network: keras.Model, branch: Any) -> Any:
    """Returns the sum of a residual branch and its shortcut."""
    return next(
        operation.output
        for operation in network.operations
        if not isinstance(operation, layers.InputLayer)
        and any(x is branch for x in keras.tree.flatten(operation.input))
    )
