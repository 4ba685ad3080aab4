"""The running average of the weights, which Keras's optimizers keep."""

import contextlib
from collections.abc import Iterator

import keras

from trainer.stepper import Stepper


@contextlib.contextmanager
def averaged_weights(stepper: Stepper) -> Iterator[bool]:
    """Puts the averages into the model, and the weights back afterwards.

    Batch normalization keeps its statistics, which are averages already.

    Yields:
        Whether there are averages; without them nothing changes.
    """
    optimizer = stepper.optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = optimizer.inner_optimizer
    if not optimizer.use_ema:
        yield False
        return
    stepper.sync()
    variables = stepper.model.trainable_variables
    weights = [keras.ops.copy(variable.value) for variable in variables]
    optimizer.finalize_variable_values(variables)
    stepper.reload()
    try:
        yield True
    finally:
        for variable, value in zip(variables, weights, strict=True):
            variable.assign(value)
        stepper.reload()
