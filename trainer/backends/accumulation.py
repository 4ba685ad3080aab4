"""Sums over the parts of a batch, and their mean.

A part's loss is the mean over the pixels that count in it.  Multiplied by
their weight, losses and gradients add up; divided by the whole weight, they
are what the batch in one piece gives where each pixel has a loss of its own.
Dice and Tversky terms, the choice of --loss=ohem and batch normalization see
a part at a time, and differ.
"""

from typing import Any, NamedTuple

import keras
from keras import ops

from trainer.backends.step import StepResult, Tensor
from trainer.losses.pixels import safe_divide


class Sums(NamedTuple):
    """What the parts so far add up to.

    Attributes:
        gradients: One a variable, weighted.
        result: Loss, weighted; weight; confusion counts.
    """

    gradients: list[Any]
    result: StepResult


def nothing(variables: list[keras.Variable], num_classes: int) -> Sums:
    """Returns the sums before the first part."""
    return Sums(
        [ops.zeros(v.shape, v.dtype) for v in variables],
        StepResult(
            ops.zeros(()),
            ops.zeros(()),
            ops.zeros((num_classes, num_classes), "int32"),
        ),
    )


def add(sums: Sums, gradients: list[Any], result: StepResult) -> Sums:
    """Adds a part.

    Args:
        sums: Those of the parts before.
        gradients: Of the part's loss, one a variable.
        result: The part's.
    """
    before = sums.result
    return Sums(
        [
            total + gradient * result.weight
            for total, gradient in zip(sums.gradients, gradients, strict=True)
        ],
        StepResult(
            before.loss + result.loss * result.weight,
            before.weight + result.weight,
            before.counts + result.counts,
        ),
    )


def mean(sums: Sums) -> tuple[list[Any], StepResult]:
    """Returns the gradients and the result of the whole batch."""
    loss, weight, counts = sums.result
    gradients = [safe_divide(total, weight) for total in sums.gradients]
    return gradients, StepResult(safe_divide(loss, weight), weight, counts)


def split(batch: Tensor, num_parts: int) -> Tensor:
    """Deals (B, ...) into (num_parts, B // num_parts, ...).

    A part takes every num_parts-th picture, so that each device of several
    keeps its own.
    """
    parts = ops.reshape(batch, (-1, num_parts, *batch.shape[1:]))
    return ops.swapaxes(parts, 0, 1)
