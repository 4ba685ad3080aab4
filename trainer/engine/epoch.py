"""What an epoch was like: sums over its steps, and its row of metrics."""

import collections
import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trainer.metrics.confusion import ConfusionMatrix

COUNTS = ("epoch", "step")
"""The fields of a row that are whole numbers."""

_MAX_PENDING = 8
"""Batches whose results may be under way on the device."""


class Pending:
    """Results under way on the device, awaited in order, only as they must.

    So the next batches are fetched while the device computes.
    """

    def __init__(self, absorb: Callable[..., None]):
        """Awaits nothing yet.

        Args:
            absorb: Waits for a result and takes it in.
        """
        self._absorb = absorb
        self._results: collections.deque[tuple[Any, ...]] = collections.deque()

    def add(self, *result: Any) -> None:
        """Adds what `absorb` takes; awaits the oldest where there are many."""
        self._results.append(result)
        self._await_all_but(_MAX_PENDING)

    def finish(self) -> None:
        """Awaits all."""
        self._await_all_but(0)

    def _await_all_but(self, count: int) -> None:
        while len(self._results) > count:
            self._absorb(*self._results.popleft())


class EpochScores:
    """Sums the results of batches into a loss and a confusion matrix."""

    def __init__(self, num_classes: int, evaluated: np.ndarray | None):
        """Starts from nothing.

        Args:
            num_classes: The number of class ids.
            evaluated: (num_classes,) bool: the ids that metrics count; all
                where None.
        """
        self.matrix = ConfusionMatrix(num_classes, evaluated)
        self._loss_sum = 0.0
        self._weight = 0.0

    def update(self, loss: float, weight: float, counts: np.ndarray) -> None:
        """Adds a batch; the arguments are those of a `StepResult`."""
        self._loss_sum += float(loss) * float(weight)
        self._weight += float(weight)
        self.matrix.update(counts)

    @property
    def loss(self) -> float:
        """The mean over all pixels that counted; 0 where none did."""
        return self._loss_sum / self._weight if self.has_pixels else 0.0

    @property
    def has_pixels(self) -> bool:
        """Whether any pixel has counted."""
        return self._weight > 0

    def state(self) -> dict[str, np.ndarray]:
        """Returns the sums, for a checkpoint."""
        return {
            "loss_sums": np.array([self._loss_sum, self._weight]),
            "counts": self.matrix.counts,
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Adds the sums of a checkpoint."""
        loss_sum, weight = state["loss_sums"]
        self._loss_sum += float(loss_sum)
        self._weight += float(weight)
        self.matrix.update(state["counts"])


@dataclasses.dataclass(frozen=True)
class Row:
    """One epoch, as metrics.csv and TensorBoard have it.

    What begins with val_ is of the evaluation split; val_mean_iou_ema is of
    the averaged weights, nan without --ema_decay.
    """

    epoch: int
    step: int
    learning_rate: float
    loss: float
    pixel_accuracy: float
    mean_iou: float
    val_loss: float
    val_pixel_accuracy: float
    val_mean_iou: float
    val_mean_iou_ema: float
    images_per_second: float
    input_wait_share: float
    peak_memory_mb: float
    seconds: float

    @property
    def score(self) -> float:
        """The mean IoU of the model that is saved; -1 where there is none."""
        for value in (self.val_mean_iou_ema, self.val_mean_iou):
            if not math.isnan(value):
                return value
        return -1.0


def has_stalled(scores: Sequence[float], patience: int) -> bool:
    """Whether the last `patience` epochs have not brought a better score.

    Args:
        scores: That of each epoch; nan where there is none.
        patience: How many epochs to wait for a better one; 0: for ever.
    """
    if not patience or len(scores) <= patience:
        return False
    return _best(scores[-patience:]) <= _best(scores[:-patience])


def _best(scores: Sequence[float]) -> float:
    defined = (score for score in scores if not math.isnan(score))
    return max(defined, default=-math.inf)
