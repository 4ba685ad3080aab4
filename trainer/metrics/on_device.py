"""Confusion counts made where the pixels are, by Keras's operations."""

from typing import Any

import numpy as np
from keras import ops


def confusion_counts(
    label_ids: Any, predicted_ids: Any, num_classes: int
) -> Any:
    """Counts (truth, prediction) pairs.

    One scatter-add, which XLA compiles on every backend; a bincount would
    not compile, and one-hot products take as many times the memory as there
    are classes.

    Args:
        label_ids: (...) integers; those outside 0..num_classes-1, such as
            255, count nowhere.
        predicted_ids: (...) integers in 0..num_classes-1.
        num_classes: The number of class ids.

    Returns:
        (num_classes, num_classes) int32, rows truth, columns prediction.
    """
    label_ids = ops.cast(label_ids, "int32")
    predicted_ids = ops.cast(predicted_ids, "int32")
    nowhere = num_classes * num_classes
    counted = ops.logical_and(label_ids >= 0, label_ids < num_classes)
    cells = ops.where(counted, label_ids * num_classes + predicted_ids, nowhere)
    cells = ops.reshape(cells, (-1,))
    sums = ops.segment_sum(
        ops.ones_like(cells), cells, num_segments=nowhere + 1
    )
    return ops.reshape(sums[:nowhere], (num_classes, num_classes))


def logit_counts(
    label_ids: Any, logits: Any, offsets: np.ndarray | None = None
) -> Any:
    """Counts (truth, likeliest class) pairs.

    Args:
        label_ids: (B, H, W) integers, as `confusion_counts` takes them.
        logits: (B, H, W, num_classes) float32.
        offsets: (num_classes,) float32, what is added to the logits; None for
            nothing.

    Returns:
        (num_classes, num_classes) int32, rows truth, columns prediction.
    """
    if offsets is not None and offsets.any():  # A sum is one more copy.
        logits = logits + offsets
    predicted_ids = ops.argmax(logits, axis=-1)
    return confusion_counts(label_ids, predicted_ids, logits.shape[-1])
