"""What a run remembers besides the variables, and its way to a checkpoint."""

import dataclasses
import math
from typing import Any

import numpy as np

from trainer.backends.step import Stepper
from trainer.engine import checkpoints
from trainer.engine.checkpoints import Checkpoint, CheckpointError
from trainer.engine.epoch import COUNTS, EpochScores, Row

_SCORES = "scores/"


@dataclasses.dataclass
class RunState:
    """Where a run is.

    Attributes:
        scores: The sums of the epoch under way.
        step: The number of completed steps.
        rows: The finished epochs.
        epoch_seconds: What the epoch under way took before a resume.
    """

    scores: EpochScores
    step: int = 0
    rows: list[Row] = dataclasses.field(default_factory=list)
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
        "data": digests.train,
        "eval_data": digests.evaluation,
    }
    return Checkpoint(step=state.step, arrays=arrays, host=host)


def from_checkpoint(
    checkpoint: Checkpoint, state: RunState, stepper: Stepper, digests: Digests
) -> None:
    """Takes a run's state and variables back.

    Args:
        checkpoint: What `to_checkpoint` made.
        state: A new run's state, to be filled.
        stepper: Model and optimizer, to be filled.
        digests: Those of the records that the run would resume with.

    Raises:
        CheckpointError: The checkpoint is of other data or another network,
            or of no run at all.
    """
    host = checkpoint.host
    try:
        train = host["data"]
        evaluation = host.get("eval_data", digests.evaluation)  # once unsaved
        rows = [_row(fields) for fields in host["rows"]]
        epoch_seconds = float(host["epoch_seconds"])
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
    checkpoints.restore(_variables(stepper), checkpoint.arrays)
    stepper.reload()
    state.step, state.rows = checkpoint.step, rows
    state.epoch_seconds = epoch_seconds


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
