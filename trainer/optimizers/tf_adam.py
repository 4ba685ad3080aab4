"""Adam and AdamW by TensorFlow's own kernel.

Keras writes them out in elementary operations, each of which reads and
writes whole tensors.  XLA fuses them again; without XLA, as on a CPU, one
kernel does the same arithmetic in one pass.  Variables and results are those
of the Keras classes.
"""

from typing import Any

import keras
import tensorflow as tf


class _OneKernelUpdate(keras.optimizers.Adam):
    """Overrides how Keras's Adam, and AdamW with it, updates a variable."""

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: Any
    ) -> None:
        """Updates a variable and its moments in one pass."""
        index = self._get_variable_index(variable)
        dtype = variable.dtype
        step = tf.cast(self.iterations + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.cast(self.beta_1, dtype) ** step,
            beta2_power=tf.cast(self.beta_2, dtype) ** step,
            lr=tf.cast(learning_rate, dtype),
            beta1=tf.cast(self.beta_1, dtype),
            beta2=tf.cast(self.beta_2, dtype),
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )


class Adam(_OneKernelUpdate):
    """Keras's Adam, one kernel a variable."""


class AdamW(_OneKernelUpdate, keras.optimizers.AdamW):
    """Keras's AdamW, one kernel a variable."""
