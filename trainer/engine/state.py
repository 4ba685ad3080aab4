"""What a run remembers besides the variables, and its way to a checkpoint."""

import dataclasses
import math

import numpy as np

from trainer.backends.step import Stepper
from trainer.engine import checkpoints
from trainer.engine.checkpoints import Checkpoint, CheckpointError
from trainer.engine.epoch import EpochScores, Row

_SCORES = "scores/"


@dataclasses.dataclass
class RunState:
    """Where a run is.

    Attributes:
        scores: The sums of the epoch under way.
        step: The number of completed steps.
        best: The best mean IoU on the evaluation split so far.
        rows: The finished epochs.
        epoch_seconds: What the epoch under way took before a resume.
    """

    scores: EpochScores
    step: int = 0
    best: float = -math.inf
    rows: list[Row] = dataclasses.field(default_factory=list)
    epoch_seconds: float = 0.0


def to_checkpoint(state: RunState, stepper: Stepper, data: str) -> Checkpoint:
    """Copies everything to the host.

    Args:
        state: The run's state.
        stepper: Model and optimizer.
        data: The digest of the records that the run learns from.
    """
    stepper.sync()
    arrays = checkpoints.collect(_variables(stepper))
    for name, value in state.scores.state().items():
        arrays[_SCORES + name] = value
    host = {
        "best": state.best,
        "rows": [dataclasses.asdict(row) for row in state.rows],
        "epoch_seconds": state.epoch_seconds,
        "data": data,
    }
    return Checkpoint(step=state.step, arrays=arrays, host=host)


def from_checkpoint(
    checkpoint: Checkpoint, state: RunState, stepper: Stepper, data: str
) -> None:
    """Takes a run's state and variables back.

    Args:
        checkpoint: What `to_checkpoint` made.
        state: A new run's state, to be filled.
        stepper: Model and optimizer, to be filled.
        data: The digest of the records that the run would learn from.

    Raises:
        CheckpointError: The checkpoint is of other data or another network,
            or of no run at all.
    """
    host = checkpoint.host
    try:
        digest, best = host["data"], float(host["best"])
        rows = [Row(**fields) for fields in host["rows"]]
        epoch_seconds = float(host["epoch_seconds"])
        state.scores.restore(_scores(checkpoint.arrays))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"the checkpoint of step {checkpoint.step} holds no run's state "
            f"({error!r}); train into another --model_dir"
        ) from error
    if digest != data:
        raise CheckpointError(
            f"the run learned from records of digest {digest}, "
            f"--data_dir now holds {data}; give the same data set, or train "
            "into another --model_dir"
        )
    checkpoints.restore(_variables(stepper), checkpoint.arrays)
    stepper.reload()
    state.step, state.best = checkpoint.step, best
    state.rows, state.epoch_seconds = rows, epoch_seconds


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
