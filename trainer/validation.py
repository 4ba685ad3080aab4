"""Scores the evaluation split while a run trains."""

from collections.abc import Callable
from typing import NamedTuple

from trainer.averaging import averaged_weights, unbiased_statistics
from trainer.history import Scores
from trainer.run_data import RunData
from trainer.stepper import Stepper


class EvalScores(NamedTuple):
    """Scores of the evaluation split, by the weights and their average."""

    plain: Scores
    averaged: Scores | None


class Validation:
    """The evaluation split and the network that it is shown to."""

    def __init__(
        self,
        stepper: Stepper,
        data: RunData,
        new_scores: Callable[[], Scores],
        is_stopped: Callable[[], bool],
    ):
        """Opens the split.

        Args:
            stepper: The network in training.
            data: The run's data set.
            new_scores: Makes scores of nothing yet.
            is_stopped: Whether the run was told to stop.
        """
        self._stepper = stepper
        self._data = data
        self._new_scores = new_scores
        self._is_stopped = is_stopped
        self._batches = data.eval_batches()

    def score(self, num_updates: int) -> EvalScores | None:
        """Scores the weights and their average; None when told to stop.

        Args:
            num_updates: How often batch normalization updated its averages.

        Raises:
            ManifestError: A record is damaged.
        """
        averaged = None
        with unbiased_statistics(self._stepper, num_updates):
            plain = self._score_once()
            with averaged_weights(self._stepper) as has_average:
                if has_average:
                    averaged = self._score_once()
        return None if self._is_stopped() else EvalScores(plain, averaged)

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
