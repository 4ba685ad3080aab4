"""What the layers of a network are: their types and their arithmetic."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

_MOST_DOUBLED_CHANNELS = 256
"""With more, sums of the kernel take longer than they save."""


@dataclasses.dataclass(frozen=True)
class Kinds:
    """The kinds of layers that networks are made of.

    Attributes:
        dtype: The Keras dtype policy.
        momentum: What batch normalization's averages keep of themselves.
        batch_normalization: The class of batch normalization.
        join_conv: The class of a 3x3 convolution, with ReLU, of several
            tensors as if they were joined; None: a `Concatenate` before a
            `Conv2D`.
        up_join_conv: The class of the same where the last of the tensors is
            doubled by nearest neighbours first; None: an `UpSampling2D`.
        depthwise_conv: The class of an encoder's depthwise convolutions.
    """

    dtype: str = "float32"
    momentum: float = 0.99
    batch_normalization: type[layers.Layer] = layers.BatchNormalization
    join_conv: type[layers.Layer] | None = None
    up_join_conv: type[layers.Layer] | None = None
    depthwise_conv: type[layers.Layer] = layers.DepthwiseConv2D

    def conv(self, x: Any, filters: int) -> Any:
        """Convolves 3x3, with ReLU."""
        return layers.Conv2D(
            filters, 3, padding="same", activation="relu", dtype=self.dtype
        )(x)

    def join(self, tensors: Sequence[Any], filters: int) -> Any:
        """Convolves 3x3, with ReLU, the channels of all tensors."""
        if self.join_conv:
            return self.join_conv(filters, dtype=self.dtype)(tensors)
        joined = layers.Concatenate(dtype=self.dtype)(tensors)
        return self.conv(joined, filters)

    def up_join(self, skips: Sequence[Any], x: Any, filters: int) -> Any:
        """Joins skips, at most one, with what is doubled first."""
        if self.up_join_conv and x.shape[-1] <= _MOST_DOUBLED_CHANNELS:
            layer = self.up_join_conv(filters, dtype=self.dtype)
            return layer([*skips, x])
        x = layers.UpSampling2D(2, dtype=self.dtype)(x)
        return (
            self.join([*skips, x], filters) if skips else self.conv(x, filters)
        )

    def normalize(self, x: Any) -> Any:
        """Normalizes batches."""
        return self.batch_normalization(
            momentum=self.momentum, dtype=self.dtype
        )(x)

    def remake(self, layer: keras.Operation) -> keras.Operation:
        """Makes a layer of another network anew, as one of these kinds.

        What brings pixels to another range stays float32, and nothing is
        dropped at random: a step is a function of its batch alone.
        """
        kind, options = type(layer), layer.get_config()
        if not isinstance(layer, keras.Layer):
            return kind.from_config(options)  # such as a sum of two tensors
        if kind not in (layers.Rescaling, layers.Normalization):
            options["dtype"] = self.dtype
        if kind is layers.Dropout:
            options["rate"] = 0.0
        if kind is layers.BatchNormalization:
            kind = self.batch_normalization
            options["momentum"] = self.momentum
        if kind is layers.DepthwiseConv2D:
            kind = self.depthwise_conv
        return kind.from_config(options)


PLAIN = Kinds()
"""Keras's own layers in float32."""
