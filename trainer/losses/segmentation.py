"""The loss over the pixels that count, from logits.

Every pixel has the weight of its class; ids outside the classes, such as
255, weigh nothing.  Where no pixel counts, the loss is 0.  On TensorFlow no
one-hot tensor is made, on JAX Keras's cross-entropy makes one; only terms of
regions make a softmax one.
"""

import dataclasses
from typing import Any

import numpy as np
from keras import ops

from trainer.losses.pixels import (
    PixelFactor,
    Pixels,
    PixelSelection,
    RegionLoss,
    safe_divide,
    weigh,
)


@dataclasses.dataclass(frozen=True)
class Terms:
    """What makes a loss another one than cross-entropy.

    Attributes:
        selection: Leaves pixels out of the mean over them; None leaves
            out none.
        factor: Multiplies each pixel's loss; None leaves it.
        region: Is added to the mean over the pixels; None adds nothing.
        region_weight: What it counts beside that mean.
    """

    selection: PixelSelection | None = None
    factor: PixelFactor | None = None
    region: RegionLoss | None = None
    region_weight: float = 1.0


@dataclasses.dataclass(frozen=True)
class SegmentationLoss:
    """The weighted mean of a pixel loss, and a term of regions beside it.

    Attributes:
        weights: (num_classes,) float32, what a pixel of each class weighs.
        label_smoothing: The share of truth spread over all classes.
        terms: What else the loss is made of.
    """

    weights: np.ndarray
    label_smoothing: float = 0.0
    terms: Terms = Terms()

    def __call__(self, label_ids: Any, logits: Any) -> tuple[Any, Any]:
        """Computes the loss of a batch.

        Args:
            label_ids: (B, H, W) integers.
            logits: (B, H, W, num_classes) float32.

        Returns:
            The loss and the sum of the weights that it is the mean over,
            both () float32.
        """
        ids, weights = weigh(label_ids, self.weights)
        cross_entropy = ops.sparse_categorical_crossentropy(
            ids, logits, from_logits=True
        )
        pixels = Pixels(ids, weights, logits, cross_entropy)
        losses = self._pixel_losses(pixels)
        if self.terms.selection:
            weights = weights * self.terms.selection(pixels)
        total_weight = ops.sum(weights)
        loss = safe_divide(ops.sum(losses * weights), total_weight)
        if self.terms.region:
            loss = loss + self.terms.region_weight * self.terms.region(pixels)
        return loss, total_weight

    def _pixel_losses(self, pixels: Pixels) -> Any:
        """Computes (B, H, W) losses."""
        losses = pixels.cross_entropy
        if self.label_smoothing:
            logits = pixels.logits
            spread = ops.logsumexp(logits, -1) - ops.mean(logits, -1)
            losses = losses + self.label_smoothing * (spread - losses)
        if self.terms.factor:
            losses = losses * self.terms.factor(pixels)
        return losses
