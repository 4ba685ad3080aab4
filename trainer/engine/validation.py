"""Scores the evaluation split while a run trains."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from schemas.sizes import Size
from trainer.backends.step import Stepper
from trainer.data.loader import RunData
from trainer.engine.averages import (
    Updates,
    averaged_weights,
    unbiased_statistics,
)
from trainer.engine.epoch import EpochScores, Pending
from trainer.engine.preview import Preview


class EvalScores(NamedTuple):
    """What the evaluation split said of the weights.

    Attributes:
        plain: Its scores by the weights.
        averaged: Its scores by their average; None where there is none.
        picture: (height, width, 3) uint8, its first frames as the model that
            is saved sees them; None where none are wanted.
    """

    plain: EpochScores
    averaged: EpochScores | None
    picture: np.ndarray | None


class Validation:
    """The evaluation split and the network that it is shown to."""

    def __init__(
        self,
        stepper: Stepper,
        data: RunData,
        new_scores: Callable[[], EpochScores],
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
        self._preview: Preview | None = None

    def open_preview(self, num_frames: int, crop: Size) -> None:
        """Draws the split's first frames from now on, each time it is scored.

        Args:
            num_frames: How many, at most those of this process; 0: none.
            crop: Of larger frames only the middle of this size is shown.

        Raises:
            ManifestError: A record is damaged.
        """
        if not num_frames:
            return
        count = min(num_frames, self._data.num_eval_frames())
        frames = self._batches.unbatch().take(count).as_numpy_iterator()
        space = self._data.records.space
        with self._data.naming_eval_damage():
            self._preview = Preview(
                self._stepper.model,
                frames,
                space,
                crop,
                self._stepper.offsets,
            )

    def score(self, updates: Updates) -> EvalScores | None:
        """Scores weights and average, draws; None when told to stop.

        Args:
            updates: How often batch normalization updated its averages.

        Raises:
            ManifestError: A record is damaged.
        """
        averaged, picture = None, None
        with unbiased_statistics(self._stepper, updates):
            plain = self._score_once()
            with averaged_weights(self._stepper) as has_average:
                if has_average:
                    averaged = self._score_once()
                if self._is_stopped():
                    return None
                if self._preview:
                    picture = self._preview.draw()
        return EvalScores(plain, averaged, picture)

    def _score_once(self) -> EpochScores:
        """Scores the split, or a part of it when told to stop."""
        scores = self._new_scores()
        pending = Pending(scores.update)
        batches = iter(self._batches)
        while not self._is_stopped():
            batch = self._data.next_eval(batches)
            if batch is None:
                break
            pending.add(*self._stepper.evaluate(*batch))
        pending.finish()
        return scores
