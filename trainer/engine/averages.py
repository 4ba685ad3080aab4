"""The weights that a run is scored by and saves, where they are not its own.

Keras's optimizers keep a running average of the weights; batch normalization
keeps one of its statistics, which starts at 0 and 1 and takes hundreds of
steps to forget that.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import keras

from trainer.backends.step import Stepper
from trainer.models.encoders import begins_learned, encoder_layers

_FORGOTTEN = 1e-4


class Updates(NamedTuple):
    """How often batch normalization has updated its averages.

    Attributes:
        num_all: With each part of a step since the run began.
        num_frozen: With those in which the encoder is frozen; it has not
            updated its own then.
    """

    num_all: int
    num_frozen: int = 0


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
        # On JAX they are the optimizer's own arrays now, whose memory Keras's
        # predictions would give away.
        for variable in variables:
            variable.assign(keras.ops.copy(variable.value))
        stepper.reload()
        yield True


@contextlib.contextmanager
def unbiased_statistics(stepper: Stepper, updates: Updates) -> Iterator[None]:
    """Takes the start values out of batch normalization's averages.

    After t updates an average still holds momentum^t of the 0 or 1 that it
    began with: 30% after 120 steps, so that a short run scores as if it had
    learned nothing.  As in Adam, the rest is divided out.  Training itself
    does not use these averages.  Those that a pretrained encoder brings begin
    with what it has seen, and stay.

    Args:
        stepper: The network in training, its variables up to date.
        updates: How often the averages were updated.
    """
    in_encoder = set(encoder_layers(stepper.model))
    starts = {}  # layer → what its averages hold of their start values
    for layer in stepper.model.layers:
        if (
            isinstance(layer, keras.layers.BatchNormalization)
            and layer.trainable
            and not begins_learned(layer)
        ):
            num_frozen = updates.num_frozen if layer in in_encoder else 0
            start = layer.momentum ** (updates.num_all - num_frozen)
            if _FORGOTTEN < start < 1:
                starts[layer] = start
    if not starts:  # and nothing to copy, on JAX all variables
        yield
        return
    averages = [(layer.moving_mean, layer.moving_variance) for layer in starts]
    with _put_back(stepper, [v for pair in averages for v in pair]):
        for start, (mean, variance) in zip(
            starts.values(), averages, strict=True
        ):
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
