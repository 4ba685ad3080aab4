"""Layers by those of TensorFlow's own kernels that are fast without XLA.

Keras writes batch normalization out in elementary operations, each of which
reads and writes whole tensors.  XLA fuses them again; without XLA, as on a
CPU, one kernel does the same arithmetic in fewer passes.  Variables and
results are those of the Keras classes.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

from trainer.models import joins


class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization, by one kernel of (B, H, W, C) with scale and shift.

    What others trained may normalize other shapes, or along another axis:
    there it is as Keras writes it out.
    """

    def call(
        self,
        inputs: tf.Tensor,
        training: bool | None = None,
        mask: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """Normalizes by the batch in training, else by the averages."""
        rank = inputs.shape.rank
        has_kernel = rank == 4 and self.axis in (-1, 3)
        if mask is not None or not (has_kernel and self.scale and self.center):
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


class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
    """A convolution of each channel of (B, H, W, C) by itself."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Maps (B, H, W, C) to (B, h, w, C * depth_multiplier)."""
        if self.compute_dtype != "bfloat16" or max(self.dilation_rate) > 1:
            return super().call(inputs)
        convolve = _bfloat16_depthwise_conv(self.strides, self.padding)
        outputs = convolve(inputs, tf.cast(self.kernel, inputs.dtype))
        if self.use_bias:
            outputs += tf.cast(self.bias, inputs.dtype)
        return self.activation(outputs)


def _bfloat16_depthwise_conv(
    strides: tuple[int, int], padding: str
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Returns the convolution of pictures and a kernel.

    For two of its gradients oneDNN's kernels for bfloat16 take four to ten
    times as long as those for float32, casts included: by a kernel above 3x3,
    and by pictures under a stride.
    """
    options = {"strides": (1, *strides, 1), "padding": padding.upper()}

    @tf.custom_gradient
    def convolve(
        x: tf.Tensor, kernel: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[[tf.Tensor], list[tf.Tensor]]]:
        def gradients(upstream: tf.Tensor) -> list[tf.Tensor]:
            by_x, by_kernel = tf.bfloat16, tf.bfloat16
            if max(strides) > 1:
                by_x = tf.float32
            if max(kernel.shape[:2]) > 3:
                by_kernel = tf.float32
            of_x = tf.nn.depthwise_conv2d_backprop_input(
                tf.shape(x),
                tf.cast(kernel, by_x),
                tf.cast(upstream, by_x),
                **options,
            )
            of_kernel = tf.nn.depthwise_conv2d_backprop_filter(
                tf.cast(x, by_kernel),
                kernel.shape,
                tf.cast(upstream, by_kernel),
                **options,
            )
            return [tf.cast(of_x, x.dtype), tf.cast(of_kernel, x.dtype)]

        return tf.nn.depthwise_conv2d(x, kernel, **options), gradients

    return convolve


class JoinConv2D(joins.JoinConv2D):
    """The same join, added up and rectified in a convolution's kernel."""

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Maps [(B, H, W, a), (B, H, W, b)] to (B, H, W, filters)."""
        first, second = (
            tf.nn.conv2d(x, kernel, strides=1, padding="SAME")
            for x, kernel in zip(inputs, self._kernels(inputs), strict=True)
        )
        # In this order a CPU's kernel for the second convolution adds bias
        # and first one, and rectifies, as it writes.
        bias = keras.ops.convert_to_tensor(self.bias)
        return tf.nn.relu(tf.nn.bias_add(second, bias) + first)
