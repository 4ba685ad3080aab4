"""What a run remembers besides the variables, and its way to a checkpoint."""

import dataclasses
import math
from typing import Any

import numpy as np

from trainer.backends.step import Stepper
from trainer.engine import checkpoints
from trainer.engine.checkpoints import Checkpoint, CheckpointError
from trainer.engine.epoch import COUNTS, EpochScores, Row
from trainer.models.encoders import (
    begins_learned,
    mark_learned,
    weighted_layers,
)

_SCORES = "scores/"


@dataclasses.dataclass
class RunState:
    """Where a run is.

    Attributes:
        scores: The sums of the epoch under way.
        step: The number of completed steps.
        rows: The finished epochs.
        position: The frames that the epoch under way has shown.
        epoch_seconds: What the epoch under way took before a resume.
    """

    scores: EpochScores
    step: int = 0
    rows: list[Row] = dataclasses.field(default_factory=list)
    position: int = 0
    epoch_seconds: float = 0.0

    @property
    def best(self) -> float:
        """The best mean IoU on the evaluation split; -inf before the first."""
        return max((row.score for row in self.rows), default=-math.inf)


@dataclasses.dataclass(frozen=True)
class Digests:
    """What tells whether a run still has the records that it began with.

    Attributes:
        train: `RunRecords.train_digest`.
        evaluation: `Part.digest` of the evaluation split, without which
            scores of two epochs do not compare.
    """

    train: str
    evaluation: str


def to_checkpoint(
    state: RunState, stepper: Stepper, digests: Digests
) -> Checkpoint:
    """Copies everything to the host.

    Args:
        state: The run's state.
        stepper: Model and optimizer.
        digests: Those of the run's records.
    """
    stepper.sync()
    arrays = checkpoints.collect(_variables(stepper))
    for name, value in state.scores.state().items():
        arrays[_SCORES + name] = value
    host = {
        "best": state.best,
        "rows": [dataclasses.asdict(row) for row in state.rows],
        "epoch_seconds": state.epoch_seconds,
        "position": state.position,
        "data": digests.train,
        "eval_data": digests.evaluation,
        "learned": [
            index
            for index, layer in enumerate(weighted_layers(stepper.model))
            if begins_learned(layer)
        ],
    }
    return Checkpoint(step=state.step, arrays=arrays, host=host)


def read_state(
    checkpoint: Checkpoint,
    state: RunState,
    digests: Digests,
    first_batch_size: int,
) -> None:
    """Takes a run's state back, its variables aside.

    Args:
        checkpoint: What `to_checkpoint` made.
        state: A new run's state, to be filled.
        digests: Those of the records that the run would resume with.
        first_batch_size: That of the run's beginning; checkpoints of versions
            that knew no other do not tell their position.

    Raises:
        CheckpointError: The checkpoint is of other data or of no run at all.
    """
    host = checkpoint.host
    try:
        train = host["data"]
        evaluation = host.get("eval_data", digests.evaluation)  # once unsaved
        rows = [_row(fields) for fields in host["rows"]]
        epoch_seconds = float(host["epoch_seconds"])
        begin = rows[-1].step if rows else 0
        position = (checkpoint.step - begin) * first_batch_size
        position = int(host.get("position", position))
        state.scores.restore(_scores(checkpoint.arrays))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"the checkpoint of step {checkpoint.step} holds no state of a "
            f"run ({error!r}); train into another --model_dir"
        ) from error
    for use, before, now in (
        ("learned from", train, digests.train),
        ("was scored on", evaluation, digests.evaluation),
    ):
        if before != now:
            raise CheckpointError(
                f"the run {use} records of digest {before}, --data_dir now "
                f"holds {now}; give the same data set, or train into another "
                "--model_dir"
            )
    state.step, state.rows = checkpoint.step, rows
    state.position, state.epoch_seconds = position, epoch_seconds


def restore_variables(checkpoint: Checkpoint, stepper: Stepper) -> None:
    """Takes the variables of model and optimizer back.

    Raises:
        CheckpointError: The checkpoint is of another network.
    """
    checkpoints.restore(_variables(stepper), checkpoint.arrays)
    stepper.reload()
    learned = checkpoint.host.get("learned")
    if learned is not None:  # once unsaved: an encoder's, as it was built
        for index, layer in enumerate(weighted_layers(stepper.model)):
            mark_learned([layer], index in learned)


def _row(fields: dict[str, Any]) -> Row:
    """Makes a row of what JSON made of it; raises where it is no row."""
    values: dict[str, Any] = {
        name: int(value) if name in COUNTS else float(value)
        for name, value in fields.items()
    }
    return Row(**values)


def _scores(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(_SCORES): value
        for name, value in arrays.items()
        if name.startswith(_SCORES)
    }


def _variables(stepper: Stepper) -> dict[str, list]:
    return {
        "model": stepper.model.variables,
        "optimizer": stepper.optimizer.variables,
    }
