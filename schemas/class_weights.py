"""Class weights from pixel counts, for losses over unbalanced classes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

ENET_OFFSET = 1.02
"""The constant that ENet adds to a class's share; bounds weights to 50.5."""


class PixelCounts(NamedTuple):
    """What class weights come from.

    Attributes:
        class_pixels: (num_classes,) int64 pixels of each class.
        present_pixels: (num_classes,) int64 pixels of any class in the
            frames that hold the class; empty where they were not counted.
    """

    class_pixels: np.ndarray
    present_pixels: np.ndarray


def median_frequency(
    class_pixels: Sequence[int] | np.ndarray,
    present_pixels: Sequence[int] | np.ndarray,
    evaluated: np.ndarray | None = None,
) -> np.ndarray:
    """Computes median-frequency weights (Eigen & Fergus 2015, section 3.3).

    The frequency of a class is its pixels divided by the pixels of all frames
    that hold it; its weight is the median frequency over that frequency.

    Args:
        class_pixels: (num_classes,) pixels of each class.
        present_pixels: (num_classes,) pixels of any class in the frames that
            hold the class.
        evaluated: (num_classes,) bool, the classes that count in the median;
            None for all.

    Returns:
        (num_classes,) float64; 0 for a class that does not occur or that is
        not evaluated.

    Raises:
        ValueError: The counts do not fit together.
    """
    pixels = _check_counts(class_pixels)
    present = _check_counts(present_pixels)
    if pixels.shape != present.shape or np.any(present < pixels):
        raise ValueError(
            "present_pixels should hold, for each of the "
            f"{len(pixels)} classes, at least its own pixels; got "
            f"{present.tolist()} for class_pixels {pixels.tolist()}"
        )
    counted = _counted(pixels, evaluated)
    weights = np.zeros(len(pixels))
    if counted.any():
        frequency = pixels[counted] / present[counted]
        weights[counted] = np.median(frequency) / frequency
    return weights


def enet(
    class_pixels: Sequence[int] | np.ndarray,
    evaluated: np.ndarray | None = None,
) -> np.ndarray:
    """Computes ENet's weights, 1 / ln(1.02 + share) (Paszke et al. 2016).

    Args:
        class_pixels: (num_classes,) pixels of each class.
        evaluated: (num_classes,) bool, the classes that the shares are of;
            None for all.

    Returns:
        (num_classes,) float64 in [1.4, 50.5]; 0 for a class that does not
        occur or that is not evaluated.

    Raises:
        ValueError: A count is negative.
    """
    pixels = _check_counts(class_pixels)
    counted = _counted(pixels, evaluated)
    weights = np.zeros(len(pixels))
    share = pixels[counted] / max(1, pixels[counted].sum())
    weights[counted] = 1 / np.log(ENET_OFFSET + share)
    return weights


def rarity(
    class_pixels: Sequence[int] | np.ndarray,
    evaluated: np.ndarray | None = None,
) -> np.ndarray:
    """Computes how rare classes are: the inverse of their pixels.

    Args:
        class_pixels: (num_classes,) pixels of each class.
        evaluated: (num_classes,) bool, the classes that have a rarity; None
            for all.

    Returns:
        (num_classes,) float64; 0 for a class that does not occur or that is
        not evaluated.

    Raises:
        ValueError: A count is negative.
    """
    pixels = _check_counts(class_pixels)
    counted = _counted(pixels, evaluated)
    return counted / np.maximum(pixels, 1)


def _counted(pixels: np.ndarray, evaluated: np.ndarray | None) -> np.ndarray:
    """Tells (num_classes,) bool which classes occur and are evaluated."""
    occurs = pixels > 0
    return occurs if evaluated is None else occurs & evaluated


def _check_counts(counts: Sequence[int] | np.ndarray) -> np.ndarray:
    array = np.asarray(counts, np.int64)
    if array.ndim != 1 or np.any(array < 0):
        raise ValueError(
            "pixel counts should be one list of numbers from 0 up, got "
            f"{array.tolist()}"
        )
    return array
