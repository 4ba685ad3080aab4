"""The scores that a run's folder holds; no TensorFlow."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.quantities import counted
from trainer.config import run_dir
from trainer.evaluation import data_set
from trainer.evaluation.data_set import DataSet
from trainer.storage import files

MEAN_IOU = "mean IoU"
MEAN_IOU_IN_TRUTH = "mean IoU in the truth"
"""Over the classes that the label maps hold: all of them or fewer."""


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
        calibration_error: How far probabilities and right pixels are apart,
            in [0, 1]; None where it was not measured.
    """

    data_set: DataSet
    num_frames: int
    sizes: str
    source: str
    options: Mapping[str, Any]
    means: Mapping[str, float | None]
    classes: Mapping[str, float | None]
    frames: Mapping[str, float | None]
    calibration_error: float | None = None

    def __str__(self) -> str:
        """Returns words for a note: `val of /data, 101 frames`."""
        place = f" of {self.data_set.folder}" if self.data_set.folder else ""
        num_frames = counted(self.num_frames, "frame")
        return f"{self.data_set.split}{place}, {num_frames}"


def read_all(
    folder: str, problems: list[str]
) -> Iterator[tuple[str, Evaluation]]:
    """Yields each evaluation, with what `run_dir.named` takes for its file.

    Args:
        folder: The run's folder.
        problems: Takes a line for each file that cannot be read.
    """
    for file_name in files.names(folder):
        name = run_dir.name_in(file_name, run_dir.EVALUATION)
        if name is None:
            continue
        path = files.join(folder, file_name)
        try:
            yield name, _parse(json.loads(files.read_text(path)))
        except data_set.READ_ERRORS as error:
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
        MEAN_IOU: content["averageScoreClasses"],
        MEAN_IOU_IN_TRUTH: in_truth,
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
        calibration_error=_number(
            content.get("calibration", {}).get("expectedCalibrationError")
        ),
    )


def _numbers(scores: Mapping[str, Any]) -> dict[str, float | None]:
    return {str(name): _number(score) for name, score in scores.items()}


def _number(score: Any) -> float | None:
    return None if score is None else float(score)
