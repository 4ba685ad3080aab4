"""What an epoch was like: sums over its steps, rows, files for people."""

import csv
import dataclasses
import io
import math

import numpy as np
import tensorflow as tf

from trainer.config import run_dir
from trainer.metrics.confusion import ConfusionMatrix
from trainer.storage import files

_NOT_SCALARS = ("epoch", "step")
_VAL_PREFIX = "val_"


class Scores:
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


def has_stalled(rows: list[Row], patience: int) -> bool:
    """Whether the last `patience` epochs have not brought a better score."""
    if not patience or len(rows) <= patience:
        return False
    before = max(row.score for row in rows[:-patience])
    return max(row.score for row in rows[-patience:]) <= before


def write_csv(model_dir: str, rows: list[Row]) -> None:
    """Writes RUN/metrics.csv anew, each epoch once."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in dataclasses.fields(Row))
    for row in rows:
        writer.writerow(
            f"{value:.6g}" if isinstance(value, float) else value
            for value in dataclasses.astuple(row)
        )
    files.write_text(files.join(model_dir, run_dir.METRICS), text.getvalue())


class TensorBoard:
    """Writes events to RUN/tensorboard/train and RUN/tensorboard/val."""

    def __init__(self, model_dir: str):
        """Opens new event files; those of earlier runs stay."""
        folder = files.join(model_dir, "tensorboard")
        self._writers = {
            name: tf.summary.create_file_writer(files.join(folder, name))
            for name in ("train", "val")
        }

    def write(
        self,
        row: Row,
        class_ious: dict[str, float],
        picture: np.ndarray | None = None,
    ) -> None:
        """Writes an epoch; what is nan is left out.

        Args:
            row: Its scalars.
            class_ious: Class name → its IoU on the evaluation split.
            picture: (height, width, 3) uint8, frames of that split.
        """
        for name, value in dataclasses.asdict(row).items():
            if name not in _NOT_SCALARS and not math.isnan(value):
                part = "val" if name.startswith(_VAL_PREFIX) else "train"
                scalar = name.removeprefix(_VAL_PREFIX)
                self._write(part, scalar, value, row.epoch)
        for name, value in class_ious.items():
            if not math.isnan(value):
                self._write("val", f"iou/{name}", value, row.epoch)
        if picture is not None:
            with self._writers["val"].as_default():
                tf.summary.image("frames", picture[None], step=row.epoch)
        for writer in self._writers.values():
            writer.flush()

    def _write(self, part: str, name: str, value: float, epoch: int) -> None:
        with self._writers[part].as_default():
            tf.summary.scalar(name, value, step=epoch)
