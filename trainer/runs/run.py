"""A run's folder as it is read again; no TensorFlow."""

import dataclasses
import math
from collections.abc import Mapping, Sequence

from trainer.config import run_dir
from trainer.config.training import TrainConfig
from trainer.engine.epoch import has_stalled
from trainer.metrics import history
from trainer.metrics.history import Row
from trainer.runs import evaluations
from trainer.runs.evaluations import Evaluation
from trainer.storage import files

_COLUMNS = (
    "epoch",
    "step",
    "learning_rate",
    "loss",
    "mean_iou",
    "val_loss",
    "val_mean_iou",
    "val_mean_iou_ema",
    "seconds",
)


@dataclasses.dataclass(frozen=True, eq=False)
class Run:
    """A run.

    Attributes:
        name: What tells it from the others.
        folder: Its folder.
        config: Its flags.
        rows: Its epochs.
        evaluations: What `run_dir.named` takes → the scores of that name.
        problems: What of it cannot be read, a line each.
    """

    name: str
    folder: str
    config: TrainConfig
    rows: Sequence[Row]
    evaluations: Mapping[str, Evaluation]
    problems: tuple[str, ...]

    @property
    def scores(self) -> list[float]:
        """The mean IoU of the model saved after each epoch, in [0, 1]."""
        return [
            row["val_mean_iou"]
            if math.isnan(row["val_mean_iou_ema"])
            else row["val_mean_iou_ema"]
            for row in self.rows
        ]

    @property
    def ended_early(self) -> bool:
        """Whether --early_stopping_patience ended it before its last epoch."""
        is_short = len(self.rows) < self.config.epochs
        patience = self.config.early_stopping_patience
        return is_short and has_stalled(self.scores, patience)

    @property
    def is_unfinished(self) -> bool:
        """Whether epochs are left that it would still do."""
        is_short = 0 < len(self.rows) < self.config.epochs
        return is_short and not self.ended_early

    @property
    def seconds(self) -> float:
        """What its epochs took."""
        return math.fsum(row["seconds"] for row in self.rows)


def read(name: str, config: TrainConfig) -> Run:
    """Reads what a run's folder holds beside its flags.

    Args:
        name: What tells the run from others.
        config: Its flags, with the folder.
    """
    problems: list[str] = []
    return Run(
        name,
        config.model_dir,
        config,
        _read_rows(config.model_dir, problems),
        dict(evaluations.read_all(config.model_dir, problems)),
        tuple(problems),
    )


def _read_rows(folder: str, problems: list[str]) -> list[Row]:
    path = files.join(folder, run_dir.METRICS)
    try:
        return history.load(path, _COLUMNS, files.read_text)
    except FileNotFoundError:
        problems.append(f"{path} is missing: the run has no curves yet")
    except ValueError as error:
        problems.append(f"{error}; the run's curves are left out")
    return []
