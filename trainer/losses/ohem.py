"""Online hard example mining: only the pixels of the highest loss count."""

from typing import Any

from keras import ops

from trainer.losses.pixels import Pixels, PixelSelection

_BITS = 31
"""Of a float32 that is not negative; they order as the numbers do."""


def hardest(share: float) -> PixelSelection | None:
    """Returns what selects the hardest share of the pixels of a batch.

    Hardness is cross-entropy, before class weights and smoothing, among all
    pixels with a weight.  Of N of these the hardest round(share * N) stay, at
    least one, and all that are as hard as the last of them.

    Args:
        share: In (0, 1]; 1 selects all: None.
    """

    def select(pixels: Pixels) -> Any:
        # The sign bit of -0.0 would put it below all others.
        hardness = ops.cast(ops.stop_gradient(pixels.cross_entropy), "float32")
        hardness = ops.where(pixels.weights > 0, ops.abs(hardness), -1.0)
        bits = ops.view(hardness, "int32")
        num_counted = _count(bits >= 0)
        wanted = ops.round(share * ops.cast(num_counted, "float32"))
        wanted = ops.maximum(ops.cast(wanted, "int32"), 1)
        # The highest number that so many reach, one bit after the other: a
        # sort of a batch takes several times as long.
        lowest = ops.zeros((), "int32")
        for bit in reversed(range(_BITS)):
            higher = lowest + (1 << bit)
            lowest = ops.where(_count(bits >= higher) >= wanted, higher, lowest)
        return ops.cast(bits >= lowest, "float32")

    return select if share < 1 else None


def _count(truths: Any) -> Any:
    return ops.sum(ops.cast(truths, "int32"))
