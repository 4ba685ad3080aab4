"""Averages of the weights that follow them closely at first."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


def with_warm_up(
    kind: type[keras.optimizers.Optimizer],
) -> type[keras.optimizers.Optimizer]:
    """Returns an optimizer class whose averages forget how they began.

    Keras's begin with the weights of the first step and hold a share of
    decay^t of them after t steps: with 0.998 still a seventh after 1,000, of
    layers that knew nothing then.  As TensorFlow's
    `tf.train.ExponentialMovingAverage` does where it is told the step, the
    decay is at most (1 + t) / (10 + t), so that only the last tenth or so of a
    young run counts.

    Args:
        kind: The class of the optimizer, with `use_ema`.
    """

    class WithWarmUp(kind):
        """Replaces the decay while a step is made."""

        ema_momentum: Any

        def _update_model_variables_moving_average(
            self, trainable_variables: Sequence[keras.Variable]
        ) -> None:
            decay = self.ema_momentum
            step = ops.cast(self.iterations, "float32")
            self.ema_momentum = ops.minimum(decay, (1 + step) / (10 + step))
            super()._update_model_variables_moving_average(trainable_variables)
            self.ema_momentum = decay

    WithWarmUp.__name__ = kind.__name__
    return WithWarmUp
