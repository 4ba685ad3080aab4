"""Losses over the pixels that count, from logits.

Every pixel has the weight of its class; ids outside the classes, such as
255, weigh nothing.  Where no pixel counts, the loss is 0.
"""

import dataclasses

import numpy as np
from keras import ops

from schemas.labels import LabelSpace


def class_weights(space: LabelSpace, ignore_void: bool) -> np.ndarray:
    """Returns (num_classes,) float32: what a pixel of each class weighs.

    Args:
        space: The id space of the labels.
        ignore_void: Whether ids that are not evaluated weigh nothing.
    """
    if ignore_void:
        return space.evaluated.astype(np.float32)
    return np.ones(space.num_classes, np.float32)


@dataclasses.dataclass(frozen=True)
class CrossEntropy:
    """The weighted mean of -log p(truth) over the pixels that count.

    Attributes:
        weights: (num_classes,) float32, what a pixel of each class weighs.
    """

    weights: np.ndarray

    def __call__(self, label_ids, logits):
        """Computes the loss of a batch.

        Args:
            label_ids: (B, H, W) integers.
            logits: (B, H, W, num_classes) float32.

        Returns:
            The loss and the sum of the weights, both () float32.
        """
        ids, weights = weigh(label_ids, self.weights)
        losses = ops.sparse_categorical_crossentropy(
            ids, logits, from_logits=True
        )
        total = ops.sum(weights)
        return safe_divide(ops.sum(losses * weights), total), total


def weigh(label_ids, weights: np.ndarray):
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


def safe_divide(total, count):
    """Divides; 0 where `count` is."""
    return ops.where(count > 0, total / ops.where(count > 0, count, 1.0), 0.0)
