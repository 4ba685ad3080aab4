"""Batch normalization and skip joins by TensorFlow's own kernels.

Keras writes batch normalization out in elementary operations, each of which
reads and writes whole tensors.  XLA fuses them again; without XLA, as on a
CPU, one kernel does the same arithmetic in fewer passes.  Variables and
results are those of the Keras classes.
"""

from typing import Any

import keras
import tensorflow as tf

_Shape = tuple[Any, ...]
"""(B, H, W, C); all but C may be None."""


class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization of (B, H, W, C) along its last axis."""

    def call(
        self,
        inputs: tf.Tensor,
        training: bool | None = None,
        mask: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Normalizes by the batch in training, else by the averages."""
        if mask is not None:
            return super().call(inputs, training=training, mask=mask)
        gamma, beta, moving_mean, moving_variance = (
            tf.cast(variable, tf.float32)
            for variable in (
                self.gamma,
                self.beta,
                self.moving_mean,
                self.moving_variance,
            )
        )
        if not (training and self.trainable):
            outputs, _, _ = tf.compat.v1.nn.fused_batch_norm(
                inputs,
                gamma,
                beta,
                moving_mean,
                moving_variance,
                self.epsilon,
                is_training=False,
            )
            return tf.cast(outputs, self.compute_dtype)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, gamma, beta, epsilon=self.epsilon, is_training=True
        )
        # The kernel divides by n - 1, Keras by n.
        num_values = tf.cast(tf.size(inputs) / tf.size(gamma), tf.float32)
        variance *= (num_values - 1.0) / num_values
        for variable, old, new in (
            (self.moving_mean, moving_mean, mean),
            (self.moving_variance, moving_variance, variance),
        ):
            variable.assign(old * self.momentum + new * (1.0 - self.momentum))
        return tf.cast(outputs, self.compute_dtype)


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
        """Makes one kernel for both inputs."""
        num_inputs = sum(shape[-1] for shape in input_shapes)
        self.kernel = self.add_weight(
            (3, 3, num_inputs, self.filters), "glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight((self.filters,), "zeros", name="bias")

    def compute_output_shape(self, input_shapes: list[_Shape]) -> _Shape:
        """Returns that of the inputs with another number of channels."""
        return (*input_shapes[0][:-1], self.filters)

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Maps [(B, H, W, a), (B, H, W, b)] to (B, H, W, filters)."""
        kernels = tf.split(
            keras.ops.convert_to_tensor(self.kernel),
            [x.shape[-1] for x in inputs],
            axis=2,
        )
        first, second = (
            tf.nn.conv2d(x, kernel, strides=1, padding="SAME")
            for x, kernel in zip(inputs, kernels, strict=True)
        )
        # In this order a CPU's kernel for the second convolution adds bias
        # and first one, and rectifies, as it writes.
        bias = keras.ops.convert_to_tensor(self.bias)
        return tf.nn.relu(tf.nn.bias_add(second, bias) + first)
