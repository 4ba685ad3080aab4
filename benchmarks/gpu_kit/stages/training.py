"""Stage e: a training with everything on, where TensorFlow is beside JAX."""

import argparse
import csv
import importlib.util
import itertools
import os
import shutil
import statistics
import subprocess
import sys

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stage import Row

_GOAL_MEAN_IOU = 0.6
_MAX_WAIT = 0.02
_REST_SECONDS = 5
"""What is left of the limit for the rows."""

_EVERYTHING = (
    "--resize=none",
    "--loss=cross_entropy_dice",
    "--optimizer=adamw",
    "--learning_rate=1.5e-3",
    "--weight_decay=0.01",
    "--schedule=poly",
    "--warmup_steps=40",
    "--ema_decay=0.99",
    "--batch_norm_momentum=0.9",
    "--random_scale=0.75,1.5",
    "--brightness=0.2",
    "--contrast=0.2",
    "--saturation=0.2",
    "--hue=0.05",
    "--coarse_dropout=2",
    "--tensorboard_pictures=0",
    "--keep_checkpoints=1",
)
_LARGE = (
    "--encoder=efficientnet_lite0",
    "--crop=256x256",
    "--batch_size=16",
    "--epochs=200",
)
_SMALL = ("--base_filters=2", "--crop=64x64", "--batch_size=8", "--epochs=2")


def main() -> None:
    """Trains until the limit, and emits what metrics.csv says."""
    flags = stage.parse_flags(__doc__)
    if importlib.util.find_spec("tensorflow") is None:
        stage.absent("a training", "no TensorFlow, which feeds it")
        return
    run_dir = os.path.join(flags.work_dir, "run")
    # A run that is there would be resumed, or refuse other flags.
    shutil.rmtree(run_dir, ignore_errors=True)
    _train(flags, run_dir)
    try:
        with open(os.path.join(run_dir, "metrics.csv"), newline="") as file:
            epochs = list(csv.DictReader(file))
    except FileNotFoundError:
        epochs = []
    if not epochs:
        raise SystemExit("the training has finished no epoch")
    _report(epochs, flags.small)


def _train(flags: argparse.Namespace, run_dir: str) -> None:
    """Trains as long as the stage may take."""
    command = (
        *(sys.executable, "-m", "trainer.task", "--mode=train"),
        *(f"--data_dir={flags.data_dir}", f"--model_dir={run_dir}"),
        *_EVERYTHING,
        *(_SMALL if flags.small else _LARGE),
    )
    try:
        subprocess.run(
            command,
            stdout=sys.stderr,
            timeout=flags.seconds - _REST_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        print("ended at its limit", file=sys.stderr)


def _report(epochs: list[dict[str, str]], is_small: bool) -> None:
    """Emits rates, the input's wait, and when the goal was reached."""
    warm = epochs[1:] or epochs  # the first one compiles
    rates = tuple(float(row["images_per_second"]) for row in warm)
    stage.emit(Row(f"{len(epochs)} epochs", "images/s", rates))
    wait = statistics.median(float(row["input_wait_share"]) for row in warm)
    stage.emit(
        Row(
            "goal: wait for input",
            "%, below 2",
            (100 * wait,),
            is_right=None if is_small else wait < _MAX_WAIT,
        )
    )
    scores = [
        max(float(row["val_mean_iou"]), float(row["val_mean_iou_ema"]))
        for row in epochs
    ]
    best = max(scores)
    stage.emit(Row("best val mean IoU", "%", (100 * best,)))
    seconds = itertools.accumulate(float(row["seconds"]) for row in epochs)
    reached = [
        second
        for second, score in zip(seconds, scores, strict=True)
        if score >= _GOAL_MEAN_IOU
    ]
    name = f"goal: seconds to {_GOAL_MEAN_IOU:.0%} val mean IoU"
    if reached:
        stage.emit(Row(name, "s", (reached[0],), is_right=True))
    else:
        is_right = None if is_small else False
        stage.emit(Row(name, "s", is_right=is_right, note="not reached"))


if __name__ == "__main__":
    main()
