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
            _conv(x, kernel)
            for x, kernel in zip(inputs, self._kernels(inputs), strict=True)
        )
        # In this order a CPU's kernel for the second convolution adds bias
        # and first one, and rectifies, as it writes.
        bias = keras.ops.convert_to_tensor(self.bias)
        return tf.nn.relu(tf.nn.bias_add(second, bias) + first)


class UpJoinConv2D(joins.JoinConv2D):
    """A join whose last tensor is doubled first, but never made as large.

    A 3x3 convolution of what nearest neighbours have doubled adds up the same
    pixel more than once: it is a transposed convolution of the small tensor,
    whose 4x4 kernel holds the sums.  That takes four ninths of the
    multiplications, and only the small tensor is kept for the gradient.
    """

    def compute_output_shape(
        self, input_shapes: list[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        """Returns twice the last input's sides, with the filters."""
        batch, *sides, _ = input_shapes[-1]
        doubled = (side and 2 * side for side in sides)
        return (batch, *doubled, self.filters)

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Maps [..., (B, H, W, a)] to (B, 2 H, 2 W, filters).

        Args:
            inputs: At most one skip of (B, 2 H, 2 W, b), and what is doubled.
        """
        *skips, x = inputs
        *skip_kernels, kernel = self._kernels(inputs)
        outputs = _conv_of_doubled(x, kernel)
        bias = keras.ops.convert_to_tensor(self.bias)
        if not skips:
            return tf.nn.relu(tf.nn.bias_add(outputs, bias))
        of_skip = _conv(skips[0], skip_kernels[0])
        return tf.nn.relu(tf.nn.bias_add(of_skip, bias) + outputs)


def _conv(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    kernel = tf.cast(kernel, x.dtype)
    return tf.nn.conv2d(x, kernel, strides=1, padding="SAME")


def _conv_of_doubled(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolves (B, H, W, a), doubled, by (3, 3, a, b): (B, 2 H, 2 W, b)."""
    # A pixel's two copies reach four outputs along each axis, the kernel's
    # entries each by both copies; transposed convolutions turn their kernel.
    sums = tf.pad(kernel[::-1, ::-1], [[1, 1], [1, 1], [0, 0], [0, 0]])
    sums = sums[1:] + sums[:-1]
    sums = sums[:, 1:] + sums[:, :-1]
    sums = tf.cast(tf.transpose(sums, [0, 1, 3, 2]), x.dtype)
    batch, height, width, _ = (
        tf.shape(x)[axis] if side is None else side
        for axis, side in enumerate(x.shape)
    )
    shape = [batch, 2 * height, 2 * width, kernel.shape[-1]]
    return tf.nn.conv2d_transpose(x, sums, shape, strides=2, padding="SAME")
