"""Boundary IoU: the IoU of the pixels along the outlines of classes.

Cheng, Girshick, Dollar, Berg and Kirillov, "Boundary IoU: Improving
Object-Centric Image Segmentation Evaluation", CVPR 2021: of both masks only
what lies within a distance d of the mask's own outline is compared, inside
the mask.  As in the authors' code, d is 2 % of the picture's diagonal, a
distance is the larger of those along both axes, and where the picture ends
there is an outline.  NumPy only, as `trainer.metrics.confusion`.
"""

import math
from collections.abc import Callable

import numpy as np

from schemas.labels.rows import IGNORE_ID
from schemas.labels.table import LabelSpace
from schemas.sizes import Size
from trainer.metrics.confusion import evaluated_pixels

SHARE_OF_DIAGONAL = 0.02


def distance_px(size: Size) -> int:
    """Returns the bands' width d in a picture of (height, width)."""
    return max(1, round(SHARE_OF_DIAGONAL * math.hypot(*size)))


def count_boundaries(
    label_ids: np.ndarray, predicted_ids: np.ndarray, space: LabelSpace
) -> np.ndarray:
    """Counts the pixels of each class's bands in a picture.

    Pixels whose truth is of no evaluated class belong to no mask, neither of
    the truth nor of the prediction: they are as outside the picture.

    Args:
        label_ids: (H, W) uint8, the truth.
        predicted_ids: (H, W) uint8.
        space: The classes.

    Returns:
        (2, C) int64 in the order of `space.ids`: the pixels in both masks'
        bands, and those in either's.
    """
    counted = evaluated_pixels(label_ids, space)
    truth, prediction = (
        np.where(counted, ids, np.uint8(IGNORE_ID))
        for ids in (label_ids, predicted_ids)
    )
    in_truth, in_prediction = map(_in_bands, (truth, prediction))
    in_both = in_truth & in_prediction & (truth == prediction)
    truth_pixels, predicted_pixels, shared_pixels = (
        np.bincount(ids[chosen], minlength=256)[list(space.ids)]
        for ids, chosen in (
            (truth, in_truth),
            (prediction, in_prediction),
            (truth, in_both),
        )
    )
    either = truth_pixels + predicted_pixels - shared_pixels
    return np.stack([shared_pixels, either])


def _in_bands(ids: np.ndarray) -> np.ndarray:
    """Finds the pixels that have another id, or the end, within d.

    Returns:
        (H, W) bool.
    """
    distance = distance_px(ids.shape)
    lowest = highest = np.pad(ids, distance, constant_values=IGNORE_ID)
    for _ in ids.shape:
        lowest = _slide(np.minimum, lowest, 2 * distance + 1).T
        highest = _slide(np.maximum, highest, 2 * distance + 1).T
    return lowest != highest


def _slide(
    choose: Callable[[np.ndarray, np.ndarray], np.ndarray],
    values: np.ndarray,
    length: int,
) -> np.ndarray:
    """Chooses among each `length` neighbours along the first axis.

    Returns:
        (N - length + 1, ...) of (N, ...) values.
    """
    reached = 1
    while reached < length:
        step = min(reached, length - reached)
        values = choose(values[:-step], values[step:])
        reached += step
    return values
