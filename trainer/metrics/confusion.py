"""Pixel accuracy and IoU, all from one confusion matrix of class ids.

Rows are the truth, columns the prediction.  The counts are made where the
pixels are, here or in `trainer.metrics.on_device`; the sums and ratios are
host int64.  NumPy only: label maps are scored without Keras, whose import
takes seconds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from schemas.labels.table import LabelSpace


def count_pairs(
    label_ids: np.ndarray, predicted_ids: np.ndarray, ids: Sequence[int]
) -> np.ndarray:
    """Counts (truth, prediction) pairs on the host.

    Args:
        label_ids: (...) uint8; other ids than `ids` count nowhere.
        predicted_ids: (...) uint8, each one of `ids`.
        ids: The class ids, at most 255.

    Returns:
        (C, C) int64 in the order of `ids`, rows truth, columns prediction.

    Raises:
        ValueError: The shapes differ or a prediction is no class id.
    """
    if label_ids.shape != predicted_ids.shape:
        raise ValueError(
            f"labels of shape {label_ids.shape} and predictions of shape "
            f"{predicted_ids.shape} should be of one shape"
        )
    cells = label_ids.astype(np.uint16) * 256 + predicted_ids
    sums = np.bincount(cells.ravel(), minlength=1 << 16).reshape(256, 256)
    strays = set(np.flatnonzero(sums.sum(0))) - set(ids)
    if strays:
        raise ValueError(
            f"predictions should be ids in {min(ids)}..{max(ids)}, one is "
            f"{max(strays)}"
        )
    return sums[np.ix_(ids, ids)]


def evaluated_pixels(label_ids: np.ndarray, space: LabelSpace) -> np.ndarray:
    """Finds the pixels whose truth is a class that is evaluated.

    Args:
        label_ids: (...) uint8, the truth.
        space: The classes.

    Returns:
        (...) bool.
    """
    is_evaluated = np.zeros(256, bool)
    is_evaluated[list(space.ids)] = space.evaluated
    return is_evaluated[label_ids]


class ConfusionMatrix:
    """Sums confusion counts and turns them into scores.

    A class that is not evaluated is scored nan, and pixels whose truth it is
    count nowhere; predicting it on any other pixel is a false negative.
    """

    def __init__(self, num_classes: int, evaluated: np.ndarray | None = None):
        """Starts from zero.

        Args:
            num_classes: The number of class ids.
            evaluated: (num_classes,) bool, the classes to score; all where
                None.  `LabelSpace.evaluated` is the official choice.
        """
        if evaluated is None:
            evaluated = np.ones(num_classes, bool)
        self._evaluated = evaluated
        self._counts = np.zeros((num_classes, num_classes), np.int64)

    @property
    def counts(self) -> np.ndarray:
        """(num_classes, num_classes) int64: all pairs so far."""
        return self._counts

    def update(self, counts: ArrayLike) -> None:
        """Adds (num_classes, num_classes) counts of more pixels.

        Raises:
            ValueError: The counts are those of another number of classes.
        """
        counts = np.asarray(counts)
        if counts.shape != self._counts.shape:
            raise ValueError(
                f"counts should be of shape {self._counts.shape}, are of "
                f"{counts.shape}"
            )
        self._counts += counts.astype(np.int64)

    def iou(self) -> np.ndarray:
        """Computes tp / (tp + fp + fn) of each class.

        Returns:
            (num_classes,) float64 in [0, 1]; nan for a class that is not
            evaluated, or that neither truth nor prediction holds.
        """
        counts = self._counts * self._evaluated[:, None]
        hits = np.diag(counts)
        union = counts.sum(0) + counts.sum(1) - hits
        defined = self._evaluated & (union > 0)
        return np.where(defined, hits / np.maximum(union, 1), np.nan)

    def mean_iou(self) -> float:
        """Averages the IoU that are not nan; nan where there is none."""
        iou = self.iou()
        defined = iou[~np.isnan(iou)]
        return float(defined.mean()) if defined.size else float("nan")

    def pixel_accuracy(self) -> float:
        """Computes the share of right pixels; nan where there are none."""
        counts = self._counts[self._evaluated]
        total = counts.sum()
        hits = np.diag(self._counts)[self._evaluated].sum()
        return float(hits / total) if total else float("nan")
