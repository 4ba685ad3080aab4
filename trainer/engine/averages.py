"""The weights that a run is scored by and saves, where they are not its own.

Keras's optimizers keep a running average of the weights; batch normalization
keeps one of its statistics, which starts at 0 and 1 and takes hundreds of
steps to forget that.
"""

import contextlib
from collections.abc import Iterator, Sequence

import keras

from trainer.backends.step import Stepper
from trainer.models.encoders import begins_learned

_FORGOTTEN = 1e-4


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
    variables = stepper.learned
    with _put_back(stepper, variables):
        optimizer.finalize_variable_values(variables)
        stepper.reload()
        yield True


@contextlib.contextmanager
def unbiased_statistics(stepper: Stepper, num_updates: int) -> Iterator[None]:
    """Takes the start values out of batch normalization's averages.

    After t updates an average still holds momentum^t of the 0 or 1 that it
    began with: 30% after 120 steps, so that a short run scores as if it had
    learned nothing.  As in Adam, the rest is divided out.  Training itself
    does not use these averages.  Those that a pretrained encoder brings begin
    with what it has seen, and stay.

    Args:
        stepper: The network in training, its variables up to date.
        num_updates: How often the averages were updated.
    """
    normalizations = [
        layer
        for layer in stepper.model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
        and layer.trainable
        and not begins_learned(layer)
        and _FORGOTTEN < layer.momentum**num_updates < 1
    ]
    if not normalizations:  # and nothing to copy, on JAX all variables
        yield
        return
    averages = [(n.moving_mean, n.moving_variance) for n in normalizations]
    with _put_back(stepper, [v for pair in averages for v in pair]):
        for layer, (mean, variance) in zip(
            normalizations, averages, strict=True
        ):
            start = layer.momentum**num_updates
            mean.assign(mean / (1 - start))
            unbiased = (variance - start) / (1 - start)
            variance.assign(keras.ops.maximum(unbiased, 0.0))
        stepper.reload()
        yield


@contextlib.contextmanager
def _put_back(
    stepper: Stepper, variables: Sequence[keras.Variable]
) -> Iterator[None]:
    """Leaves the variables as they were, whatever is done to them."""
    stepper.sync()
    values = [keras.ops.copy(variable.value) for variable in variables]
    try:
        yield
    finally:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        stepper.reload()
