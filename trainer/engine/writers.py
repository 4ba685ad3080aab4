"""What a run leaves in its folder, of several processes by the first only."""

import contextlib
import csv
import dataclasses
import io
import math
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from tensorboard.plugins.hparams import api as hparams

from trainer.backends.step import Stepper
from trainer.config import run_dir, saved, seen_ids
from trainer.config.options import all_flags
from trainer.config.training import TrainConfig, deciding_flags
from trainer.engine import checkpoints
from trainer.engine.epoch import COUNTS, Row
from trainer.engine.state import Digests, RunState, to_checkpoint
from trainer.models.saved import save_network
from trainer.storage import files, images, tf_errors

_VAL_PREFIX = "val_"


class RunOutput:
    """Writes checkpoints, models, metrics.csv, a picture and events."""

    def __init__(self, config: TrainConfig, stepper: Stepper, digests: Digests):
        """Opens nothing yet.

        Args:
            config: The run.
            stepper: Model and optimizer.
            digests: Those of the run's records.
        """
        self._config = config
        self._stepper = stepper
        self._digests = digests
        self._is_writer = config.devices.is_first
        self._board: TensorBoard | None = None

    def begin(self, class_pixels: np.ndarray, is_new: bool) -> None:
        """Writes what the run is and, of a new one, which ids it learns from.

        Args:
            class_pixels: (num_classes,) int64, what an epoch draws.
            is_new: Whether it does not resume.  An older run has no file of
                ids and keeps predicting all.
        """
        config = self._config
        if not self._is_writer:
            return
        saved.save(config)
        if is_new:
            seen_ids.save(
                config.model_dir,
                config.model.space,
                class_pixels,
                config.loss.ignore_void,
            )

    def open(self, rows: list[Row]) -> None:
        """Writes the epochs before a resume and opens new events."""
        if self._is_writer:
            write_csv(self._config, rows)
            self._board = TensorBoard(self._config)

    def save(self, state: RunState) -> None:
        """Writes a checkpoint."""
        if self._is_writer:
            checkpoints.save(
                self._config.model_dir,
                to_checkpoint(state, self._stepper, self._digests),
                self._config.keep_checkpoints,
            )

    def save_model(self, is_best: bool) -> None:
        """Writes the network as its variables are now."""
        if self._is_writer:
            save_network(
                self._config.model_dir,
                self._stepper.model,
                self._config.model,
                is_best,
                self._stepper.offsets,
            )

    def write_epoch(
        self,
        rows: list[Row],
        class_ious: dict[str, float],
        picture: np.ndarray | None,
    ) -> None:
        """Writes metrics.csv, the picture and the events of the last epoch.

        Args:
            rows: All epochs.
            class_ious: Class name → its IoU on the evaluation split.
            picture: (height, width, 3) uint8, frames of that split.
        """
        if self._board:
            write_csv(self._config, rows)
            if picture is not None:
                path = files.join(self._config.model_dir, run_dir.PREVIEW)
                files.write_bytes(path, images.encode_png(picture))
            self._board.write(rows, class_ious, picture)


def write_csv(config: TrainConfig, rows: list[Row]) -> None:
    """Writes RUN/metrics.csv anew, each epoch once.

    Where flags have changed meanwhile, a last column names each change in the
    row of the epoch that it began in.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in dataclasses.fields(Row)]
    writer.writerow([*names, "changes"] if config.changes else names)
    begin = 0
    for row in rows:
        cells = [
            f"{value:.6g}" if isinstance(value, float) else value
            for value in dataclasses.astuple(row)
        ]
        if config.changes:
            cells.append(_changes(config, begin, row.step))
        writer.writerow(cells)
        begin = row.step
    path = files.join(config.model_dir, run_dir.METRICS)
    files.write_text(path, text.getvalue())


def _changes(config: TrainConfig, begin: int, end: int) -> str:
    """Writes the changes of an epoch's steps: `step 4: batch_size=2`."""
    return "; ".join(
        f"step {change.step}: {change.flag}={change.after}"
        for change in config.changes
        if begin <= change.step < end
    )


class TensorBoard:
    """Writes events that TensorBoard shows by the name of the run's folder.

    The x axis counts steps.  Scalars and pictures lie in RUN/train and
    RUN/val; RUN/hparams has the run's flags and its best and last scores.
    """

    def __init__(self, config: TrainConfig):
        """Opens new event files; those of earlier runs stay.

        Args:
            config: The run.
        """
        self._folder = config.model_dir
        parts = run_dir.TRAIN_EVENTS, run_dir.VAL_EVENTS, run_dir.HPARAMS_EVENTS
        with _naming(self._folder):
            self._writers = {
                name: tf.summary.create_file_writer(
                    files.join(self._folder, name)
                )
                for name in parts
            }
            with self._writers[run_dir.HPARAMS_EVENTS].as_default():
                hparams.hparams(
                    _plain_flags(config), run_dir.name(self._folder)
                )

    def write(
        self,
        rows: list[Row],
        class_ious: dict[str, float],
        picture: np.ndarray | None = None,
    ) -> None:
        """Writes the last epoch; what is nan is left out.

        Args:
            rows: All epochs.
            class_ious: Class name → its IoU on the evaluation split.
            picture: (height, width, 3) uint8, frames of that split.

        Raises:
            OSError: They cannot be written; names the folder.
        """
        with _naming(self._folder):
            self._write_epoch(rows[-1], class_ious, picture)
            self._write_scores(rows)
            for writer in self._writers.values():
                writer.flush()

    def _write_epoch(
        self,
        row: Row,
        class_ious: dict[str, float],
        picture: np.ndarray | None,
    ) -> None:
        val = run_dir.VAL_EVENTS
        for name, value in dataclasses.asdict(row).items():
            if name not in COUNTS:
                is_val = name.startswith(_VAL_PREFIX)
                part = val if is_val else run_dir.TRAIN_EVENTS
                scalar = name.removeprefix(_VAL_PREFIX)
                self._write(part, scalar, value, row.step)
        for name, value in class_ious.items():
            self._write(val, f"iou/{name}", value, row.step)
        if picture is not None:
            with self._writers[val].as_default():
                tf.summary.image("frames", picture[None], step=row.step)

    def _write_scores(self, rows: list[Row]) -> None:
        """Writes what stands beside the flags: the saved models' scores."""
        row = rows[-1]
        for name, value in {
            "best_val_mean_iou": max(row.score for row in rows),
            "val_mean_iou": row.score,
            "val_loss": row.val_loss,
        }.items():
            if value < 0:  # None has a score.
                continue
            self._write(run_dir.HPARAMS_EVENTS, name, value, row.step)

    def _write(self, part: str, name: str, value: float, step: int) -> None:
        if not math.isnan(value):
            with self._writers[part].as_default():
                tf.summary.scalar(name, value, step=step)


def _plain_flags(config: TrainConfig) -> dict[str, bool | int | float | str]:
    """Returns the flags that decide the result, as TensorBoard takes them."""
    flags = all_flags(TrainConfig)
    return {
        name: value
        if isinstance(value, bool | int | float)
        else flags[name].format(value)
        for name, value in deciding_flags(config).items()
    }


@contextlib.contextmanager
def _naming(folder: str) -> Iterator[None]:
    """Turns TensorFlow's errors of writing into ones that name the folder."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(f"{folder}: {tf_errors.reason(error)}") from error
