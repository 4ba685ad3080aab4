"""How far a network's confidence may be trusted: the calibration error.

Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks",
ICML 2017: pixels are put in bins of equal width by the probability of the
winner, and each bin's share of right pixels is held against its mean
probability.  Counts and sums are exact integers.  NumPy only, as
`trainer.metrics.confusion`.
"""

import dataclasses
import math

import numpy as np

from schemas.labels.colors import SURE
from schemas.labels.table import LabelSpace
from trainer.metrics.confusion import evaluated_pixels

NUM_BINS = 15
"""As many as the paper takes; levels up to `SURE` divide evenly among them."""


def count_confidence(
    label_ids: np.ndarray,
    predicted_ids: np.ndarray,
    confidence: np.ndarray,
    space: LabelSpace,
) -> np.ndarray:
    """Counts the pixels of each bin of confidence in a picture.

    Args:
        label_ids: (H, W) uint8, the truth; only pixels of evaluated classes
            count.
        predicted_ids: (H, W) uint8.
        confidence: (H, W) uint16, the winners' probabilities; `SURE` is 1.
        space: The classes.

    Returns:
        (3, NUM_BINS) int64: the pixels, those that are right, and the sum of
        all their levels.  A bin holds its upper end and not its lower one.
    """
    counted = evaluated_pixels(label_ids, space)
    is_right = (label_ids == predicted_ids)[counted]
    cells = confidence[counted] + np.uint32(SURE + 1) * is_right
    levels = np.bincount(cells, minlength=2 * (SURE + 1))
    wrong, right = levels.reshape(2, SURE + 1)
    pixels = wrong + right
    return np.stack(
        [
            _by_bin(pixels),
            _by_bin(right),
            _by_bin(pixels * np.arange(SURE + 1)),
        ]
    )


def _by_bin(levels: np.ndarray) -> np.ndarray:
    """Sums (SURE + 1,) of levels to (NUM_BINS,); 0 is in the lowest bin."""
    sums = levels[1:].reshape(NUM_BINS, -1).sum(1)
    sums[0] += levels[0]
    return sums


@dataclasses.dataclass(frozen=True, eq=False)
class Calibration:
    """What the bins of some pictures say.

    Attributes:
        counts: (3, NUM_BINS) integers of `count_confidence`.
    """

    counts: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """(NUM_BINS,) float64 in [0, 1]: the right ones, nan of none."""
        return _divided(self.counts[1], self.counts[0])

    @property
    def confidence(self) -> np.ndarray:
        """(NUM_BINS,) float64 in [0, 1]: mean probability, nan of none."""
        return _divided(self.counts[2], self.counts[0] * SURE)

    @property
    def error(self) -> float:
        """The expected calibration error in [0, 1]; nan without pixels.

        The mean over pixels of how far accuracy and confidence of their bin
        are apart.
        """
        pixels = self.counts[0].sum()
        gaps = np.abs(self.counts[1] - self.counts[2] / SURE)
        return float(gaps.sum() / pixels) if pixels else math.nan

    def to_dict(self) -> dict:
        """Gives the numbers for JSON; of an empty bin, None."""
        edges = np.arange(NUM_BINS + 1) / NUM_BINS
        columns = {
            "above": edges[:-1],
            "upTo": edges[1:],
            "pixels": self.counts[0],
            "confidence": self.confidence,
            "accuracy": self.accuracy,
        }
        bins = [
            dict(zip(columns, map(_plain, values), strict=True))
            for values in zip(*columns.values(), strict=True)
        ]
        return {"expectedCalibrationError": _plain(self.error), "bins": bins}


def _divided(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _plain(value: float | np.generic) -> float | None:
    number = value.item() if isinstance(value, np.generic) else value
    return None if math.isnan(number) else number
