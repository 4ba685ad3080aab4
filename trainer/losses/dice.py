"""Soft Dice, without a one-hot tensor of the truth."""

from typing import Any

from keras import ops

from trainer.losses.pixels import Pixels, safe_divide


def dice_loss(pixels: Pixels) -> Any:
    """Computes 1 - the mean soft Dice of the classes that occur.

    Args:
        pixels: A batch; all pixels with a weight count alike.

    Returns:
        () float32 in [0, 1]; 0 where no pixel counts.
    """
    hits, truth, predicted = overlaps(pixels)
    dice = safe_divide(2 * hits, truth + predicted)
    return mean_distance(dice, truth)


def mean_distance(index: Any, truth: Any) -> Any:
    """Computes 1 - the mean of an index over the classes that occur.

    Args:
        index: (num_classes,) float32 in [0, 1].
        truth: (num_classes,) float32 pixels of each class.

    Returns:
        () float32 in [0, 1]; 0 where no class occurs.
    """
    occurs = ops.cast(truth > 0, "float32")
    return safe_divide(ops.sum((1 - index) * occurs), ops.sum(occurs))


def overlaps(pixels: Pixels) -> tuple[Any, Any, Any]:
    """Adds up what overlap losses compare, class by class.

    Returns:
        Three of (num_classes,) float32: the probability of the truth where
        it is the class, the pixels whose truth it is, its probability
        anywhere.
    """
    num_classes = pixels.logits.shape[-1]
    counts = ops.cast(pixels.weights > 0, "float32")
    ids, flat_counts = ops.ravel(pixels.ids), ops.ravel(counts)
    hits = flat_counts * ops.exp(-ops.ravel(pixels.cross_entropy))
    hits = ops.segment_sum(hits, ids, num_segments=num_classes)
    truth = ops.segment_sum(flat_counts, ids, num_segments=num_classes)
    probabilities = ops.softmax(pixels.logits) * counts[..., None]
    return hits, truth, ops.sum(probabilities, (0, 1, 2))
