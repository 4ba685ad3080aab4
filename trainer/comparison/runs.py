"""Runs' folders as they are read to be compared; no TensorFlow."""

import dataclasses
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.failures import FlagError, UserError
from schemas.quantities import counted
from trainer.config import run_dir, saved
from trainer.config.flag import ConfigError
from trainer.config.training import TrainConfig
from trainer.evaluation import data_set
from trainer.evaluation.data_set import DataSet
from trainer.metrics import history
from trainer.metrics.history import Row
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


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The scores that one file of a run holds.

    Attributes:
        data_set: What was scored.
        num_frames: How many frames that were.
        sizes: Sizes of their label maps, in words.
        source: The network's file, or the folder of predictions.
        options: How the network was applied: flag → value.
        means: Name → score in [0, 1]; None where it is not defined.
        classes: Class → its IoU in [0, 1]; None where it is not defined.
        frames: Frame → its mean IoU in [0, 1]; None where not defined.
    """

    data_set: DataSet
    num_frames: int
    sizes: str
    source: str
    options: Mapping[str, Any]
    means: Mapping[str, float | None]
    classes: Mapping[str, float | None]
    frames: Mapping[str, float | None]

    def __str__(self) -> str:
        """Returns words for a note: `val of /data, 101 frames`."""
        place = f" of {self.data_set.folder}" if self.data_set.folder else ""
        num_frames = counted(self.num_frames, "frame")
        return f"{self.data_set.split}{place}, {num_frames}"


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
    def seconds(self) -> float:
        """What its epochs took."""
        return math.fsum(row["seconds"] for row in self.rows)


def open_runs(folders: Sequence[str]) -> list[Run]:
    """Reads the folders of runs.

    Raises:
        FlagError: There are fewer than two, or one comes twice.
        UserError: One is no run's, or its config.json is damaged.
    """
    if len(folders) < 2:
        given = f", got {folders[0]} alone" if folders else ""
        raise FlagError(f"give the folders of two runs or more{given}")
    seen: dict[str, str] = {}
    for folder in folders:
        place = folder if files.is_remote(folder) else os.path.realpath(folder)
        place = place.rstrip("/")
        if place in seen:
            raise FlagError(
                f"{seen[place]} and {folder} are one folder; leave one out"
            )
        seen[place] = folder
    configs = list(map(_load, folders))
    strays = [f for f, c in zip(folders, configs, strict=True) if c is None]
    if strays:
        lack = "does not exist"
        if files.is_folder(strays[0]):
            lack = f"holds no {saved.FILE_NAME}"
        more = f" ({len(strays)} folders are none)" if strays[1:] else ""
        raise UserError(
            f"{strays[0]} {lack}{more}; give folders that --mode=train wrote "
            "as --model_dir"
        )
    return [
        _read(name, config)
        for name, config in zip(_names(folders), configs, strict=True)
        if config
    ]


def _load(folder: str) -> TrainConfig | None:
    try:
        return saved.load(folder, "leave the run out")
    except ConfigError as error:
        raise UserError(str(error)) from error


def _names(folders: Sequence[str]) -> list[str]:
    """Returns the shortest ends of paths that tell the folders apart."""
    paths = [
        folder if files.is_remote(folder) else os.path.abspath(folder)
        for folder in folders
    ]
    parts = [path.rstrip("/").split("/") for path in paths]
    for length in range(1, max(map(len, parts))):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return list(paths)


def _read(name: str, config: TrainConfig) -> Run:
    problems: list[str] = []
    return Run(
        name,
        config.model_dir,
        config,
        _read_rows(config.model_dir, problems),
        dict(_read_evaluations(config.model_dir, problems)),
        tuple(problems),
    )


def _read_rows(folder: str, problems: list[str]) -> list[Row]:
    path = files.join(folder, run_dir.METRICS)
    try:
        rows = history.parse(files.read_text(path), _COLUMNS)
        if not all(math.isfinite(row["epoch"] + row["step"]) for row in rows):
            raise ValueError("an epoch has no number")
    except FileNotFoundError:
        problems.append(f"{path} is missing: the run has no curves yet")
        return []
    except (OSError, ValueError) as error:
        problems.append(
            f"{path} is not as a training wrote it ({error}); the run's curves "
            "are left out"
        )
        return []
    return rows


def _read_evaluations(
    folder: str, problems: list[str]
) -> Iterator[tuple[str, Evaluation]]:
    for file_name in files.names(folder):
        name = run_dir.name_in(file_name, run_dir.EVALUATION)
        if name is None:
            continue
        path = files.join(folder, file_name)
        try:
            yield name, _parse(json.loads(files.read_text(path)))
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            problems.append(
                f"{path} is not as an evaluation wrote it ({error!r}); its "
                "scores are left out"
            )


def _parse(content: dict[str, Any]) -> Evaluation:
    """Reads the content of an evaluation.json; raises where it is none."""
    in_truth, boundary = (
        content.get(key, {}).get("averageScoreClasses")
        for key in ("inTruth", "boundaryIoU")  # Not of all versions.
    )
    means = {
        "mean IoU": content["averageScoreClasses"],
        "mean IoU in the truth": in_truth,
        "boundary IoU": boundary,
        "pixel accuracy": content["pixelAccuracy"],
    }
    return Evaluation(
        data_set=data_set.from_evaluation(content),
        num_frames=int(content["numFrames"]),
        sizes=", ".join(sorted(content["sizes"])),
        source=str(content["source"]),
        options=dict(content.get("inference", {})),
        means=_numbers(means),
        classes=_numbers(content["classScores"]),
        frames=_numbers(
            {
                frame["name"]: frame["averageScoreClasses"]
                for frame in content["frames"]
            }
        ),
    )


def _numbers(scores: Mapping[str, Any]) -> dict[str, float | None]:
    return {
        str(name): None if score is None else float(score)
        for name, score in scores.items()
    }
