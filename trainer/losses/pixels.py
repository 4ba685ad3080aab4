"""What losses share: pixels that count, and what each of them weighs."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from keras import ops


class Pixels(NamedTuple):
    """The pixels of a batch, as the terms of a loss see them.

    Attributes:
        ids: (B, H, W) int32 in 0..num_classes-1; 0 in place of what is no
            class.
        weights: (B, H, W) float32; 0 where a pixel does not count.
        logits: (B, H, W, num_classes) float32.
        cross_entropy: (B, H, W) float32, -log p(truth).
    """

    ids: Any
    weights: Any
    logits: Any
    cross_entropy: Any


_LEAST_MISS = 1e-7
"""About what float32 tells apart from none."""

PixelFactor = Callable[[Pixels], Any]
"""Pixels → (B, H, W) float32 that multiplies each pixel's loss."""

PixelSelection = Callable[[Pixels], Any]
"""Pixels → (B, H, W) float32: 1 for those that the mean is over, else 0."""

RegionLoss = Callable[[Pixels], Any]
"""Pixels → () float32, a loss of whole regions beside that of pixels."""


def weigh(label_ids: Any, weights: np.ndarray) -> tuple[Any, Any]:
    """Looks up what each pixel weighs.

    Args:
        label_ids: (B, H, W) integers.
        weights: (num_classes,) float32.

    Returns:
        (B, H, W) int32 ids, 0 in place of what is no class, and (B, H, W)
        float32 weights.
    """
    table = np.zeros(256, np.float32)
    table[: len(weights)] = weights
    ids = ops.cast(label_ids, "int32")
    pixel_weights = ops.take(table, ids, axis=0)
    return ops.where(ids < len(weights), ids, 0), pixel_weights


def focal(gamma: float) -> PixelFactor | None:
    """Returns the factor (1 - p(truth))^gamma; None where gamma is 0."""

    def factor(pixels: Pixels) -> Any:
        miss = -ops.expm1(-pixels.cross_entropy)  # 1 - p(truth)
        if gamma < 1:  # its slope at 0 is infinite, and 0 times that is nan
            miss = ops.maximum(miss, _LEAST_MISS)
        return ops.power(miss, gamma)

    return factor if gamma else None


def safe_divide(total: Any, count: Any) -> Any:
    """Divides; 0 where `count` is."""
    return ops.where(count > 0, total / ops.where(count > 0, count, 1.0), 0.0)
