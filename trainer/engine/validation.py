"""Scores the evaluation split while a run trains."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from trainer.backends.step import Stepper
from trainer.data.loader import RunData
from trainer.engine.averages import averaged_weights, unbiased_statistics
from trainer.engine.epoch import Scores


class EvalScores(NamedTuple):
    """What the evaluation split said of the weights.

    Attributes:
        plain: Its scores by the weights.
        averaged: Its scores by their average; None where there is none.
        picture: (height, width, 3) uint8, its first frames as the model that
            is saved sees them; None where none are wanted.
    """

    plain: Scores
    averaged: Scores | None
    picture: np.ndarray | None


class Validation:
    """The evaluation split and the network that it is shown to."""

    def __init__(
        self,
        stepper: Stepper,
        data: RunData,
        new_scores: Callable[[], Scores],
        is_stopped: Callable[[], bool],
        num_pictures: int,
    ):
        """Opens the split.

        Args:
            stepper: The network in training.
            data: The run's data set.
            new_scores: Makes scores of nothing yet.
            is_stopped: Whether the run was told to stop.
            num_pictures: The frames to draw each time.
        """
        self._stepper = stepper
        self._data = data
        self._new_scores = new_scores
        self._is_stopped = is_stopped
        self._batches = data.eval_batches()
        self._gallery = None
        if num_pictures:
            self._gallery = data.open_gallery(
                stepper.model, self._batches, num_pictures
            )

    def score(self, num_updates: int) -> EvalScores | None:
        """Scores weights and average, draws; None when told to stop.

        Args:
            num_updates: How often batch normalization updated its averages.

        Raises:
            ManifestError: A record is damaged.
        """
        averaged, picture = None, None
        with unbiased_statistics(self._stepper, num_updates):
            plain = self._score_once()
            with averaged_weights(self._stepper) as has_average:
                if has_average:
                    averaged = self._score_once()
                if self._is_stopped():
                    return None
                if self._gallery:
                    picture = self._gallery.draw()
        return EvalScores(plain, averaged, picture)

    def _score_once(self) -> Scores:
        """Scores the split, or a part of it when told to stop."""
        scores = self._new_scores()
        batches = iter(self._batches)
        while not self._is_stopped():
            batch = self._data.next_eval(batches)
            if batch is None:
                break
            result = self._stepper.evaluate(*batch)
            scores.update(result.loss, result.weight, result.counts)
        return scores
