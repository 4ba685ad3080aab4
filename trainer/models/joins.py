"""A join of skips whose joined tensor is never made, on any backend."""

import itertools
from typing import Any

import keras
from keras import ops

_Shape = tuple[Any, ...]
"""(B, H, W, C); all but C may be None."""


class JoinConv2D(keras.layers.Layer):
    """A 3x3 convolution, with ReLU, of two tensors as if they were one.

    conv(concat(a, b)) is conv(a) + conv(b), the kernel being cut between the
    channels of a and those of b.  So the joined tensor is never made, nor
    kept for the gradient.  The variables are those of a `Conv2D` behind a
    `Concatenate`.
    """

    def __init__(self, filters: int, **options: Any):
        """Takes the number of outputs and a layer's own options."""
        super().__init__(**options)
        self.filters = filters

    def build(self, input_shapes: list[_Shape]) -> None:
        """Makes one kernel for all inputs."""
        num_inputs = sum(shape[-1] for shape in input_shapes)
        self.kernel = self.add_weight(
            (3, 3, num_inputs, self.filters),
            "glorot_uniform",
            autocast=False,
            name="kernel",
        )
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def compute_output_shape(self, input_shapes: list[_Shape]) -> _Shape:
        """Returns that of the inputs with another number of channels."""
        return (*input_shapes[0][:-1], self.filters)

    def call(self, inputs: list[Any]) -> Any:
        """Maps [(B, H, W, a), (B, H, W, b)] to (B, H, W, filters)."""
        first, second = (
            ops.conv(x, ops.cast(kernel, x.dtype), padding="same")
            for x, kernel in zip(inputs, self._kernels(inputs), strict=True)
        )
        return ops.relu(second + self.bias + first)

    def _kernels(self, inputs: list[Any]) -> list[Any]:
        """Cuts the kernel, in the variable's type, between the inputs."""
        kernel = ops.convert_to_tensor(self.kernel)
        widths = [x.shape[-1] for x in inputs]
        ends = itertools.accumulate(widths)
        return [
            kernel[:, :, end - width : end]
            for width, end in zip(widths, ends, strict=True)
        ]
