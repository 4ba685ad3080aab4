"""Fifty steps on records: losses, scores, a saved network; JAX alone."""

import argparse
import os
from typing import Any

import keras
import numpy as np

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stage import Row
from benchmarks.gpu_kit.stages import frames
from schemas.class_weights import PixelCounts
from trainer.backends import devices
from trainer.backends.step import Stepper
from trainer.config import run_dir
from trainer.config.data import DataConfig, steps_per_epoch
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig
from trainer.config.training import TrainConfig
from trainer.engine import build
from trainer.losses.build import build_loss
from trainer.metrics.confusion import ConfusionMatrix
from trainer.models.pixels import normalize
from trainer.models.saved import load_model, save_network

_NUM_STEPS = 50
_NUM_MEAN = 10
_SEED = 2019
_MAX_OFF = 0.05
"""Of the mean loss in bfloat16; runs part at single steps, not in means."""

_MAX_SAVED_OFF = 1e-3
"""Of the loss of a network that was saved: TF32 or not, fused or not."""


def run(flags: argparse.Namespace) -> None:
    """Learns in float32 and bfloat16; evaluates, saves and opens again."""
    train, val = (
        frames.read_split(flags.data_dir, split) for split in ("train", "val")
    )
    side = 64 if flags.small else 256
    curves = {}
    for precision in ("bfloat16", "float32"):
        config = _config(flags, precision, side)
        stepper = _stepper(config, flags.data_dir)
        untrained = _score(stepper, config, val)
        batches = frames.batches(train, config.batch_size, (side, side), _SEED)
        curves[precision] = losses = [
            float(stepper.train(*batch).loss)
            for batch, _ in zip(batches, range(_NUM_STEPS), strict=False)
        ]
        last = float(np.mean(losses[-_NUM_MEAN:]))
        stage.emit(
            Row(
                f"{_NUM_STEPS} steps, {precision}: loss",
                f"mean of the last {_NUM_MEAN}",
                (last,),
                is_right=bool(np.isfinite(losses).all()) and last < losses[0],
                note=f"{losses[0]:.4f} at the first step",
            )
        )
    _write_curves(os.path.dirname(flags.results), curves)
    means = {name: np.mean(losses) for name, losses in curves.items()}
    off = float(abs(means["bfloat16"] / means["float32"] - 1))
    stage.emit(
        Row(
            "mean loss of all steps, bfloat16: off float32's",
            "%",
            (100 * off,),
            is_right=off <= _MAX_OFF,
        )
    )
    _emit_scores(untrained, _score(stepper, config, val))
    _save(stepper, config, val)


def _config(
    flags: argparse.Namespace, precision: str, side: int
) -> TrainConfig:
    manifest = frames.read_manifest(flags.data_dir)
    return TrainConfig(
        model_dir=flags.work_dir,
        data=DataConfig(flags.data_dir, crop=(side, side)),
        model=ModelConfig(
            manifest.label_space,
            4 if flags.small else 64,
            batch_norm_momentum=0.9,
        ),
        loss=LossConfig(ignore_void=False),
        batch_size=4 if flags.small else 8,
        mixed_precision=precision,
    )


def _stepper(config: TrainConfig, data_dir: str) -> Stepper:
    keras.utils.set_random_seed(_SEED)
    split = frames.read_manifest(data_dir).split("train")
    counts = PixelCounts(
        np.asarray(split.class_pixels), np.asarray(split.present_pixels)
    )
    device = devices.find_device()
    steps = steps_per_epoch(split.num_examples, config.batch_size)
    return build.build_training(
        build.settle(config, device, is_new=True),
        split.num_examples,
        counts,
        device,
        build.Milestones(config.epochs * steps),
    )


def _score(stepper: Stepper, config: TrainConfig, val: frames.Frames) -> float:
    """Returns the mean IoU of all val frames, each by a crop of its corner."""
    matrix = ConfusionMatrix(config.model.num_classes)
    number = config.batch_size
    for begin in range(0, len(val.pictures) // number * number, number):
        batch = _corner(val, config, begin)
        matrix.update(np.asarray(stepper.evaluate(*batch).counts))
    return matrix.mean_iou()


def _emit_scores(untrained: float, trained: float) -> None:
    """Emits a network's score, which has to be better than without a step."""
    stage.emit(
        Row(
            f"val after {_NUM_STEPS} steps, float32: mean IoU",
            "%, all ids",
            (100 * trained,),
            is_right=trained > untrained,
            note=f"{100 * untrained:.2f} before the first step",
        )
    )


def _save(stepper: Stepper, config: TrainConfig, val: frames.Frames) -> None:
    """Saves and opens the network, and emits whether it is the same."""
    images, labels = _corner(val, config, 0)
    wanted = float(stepper.evaluate(images, labels).loss)
    stepper.sync()
    save_network(config.model_dir, stepper.model, config.model, is_best=True)
    path = os.path.join(config.model_dir, run_dir.BEST_NETWORK)
    logits: Any = load_model(path).predict_on_batch(normalize(images))
    loss = build_loss(
        config.loss, np.ones(config.model.num_classes, np.float32)
    )
    off = abs(float(loss(labels, logits)[0]) / wanted - 1)
    stage.emit(
        Row(
            "saved and opened again: loss off by",
            "%",
            (100 * off,),
            is_right=off <= _MAX_SAVED_OFF,
        )
    )


def _corner(
    val: frames.Frames, config: TrainConfig, begin: int
) -> frames.Frames:
    """Cuts a batch from the top left corners of frames."""
    height, width = config.data.crop
    window = slice(begin, begin + config.batch_size)
    return frames.Frames(*(part[window, :height, :width] for part in val))


def _write_curves(folder: str, curves: dict[str, list[float]]) -> None:
    """Writes losses.csv: a line a step, a column a type."""
    path = os.path.join(folder, "losses.csv")
    with open(path, "w", encoding="utf-8") as file:
        print("step", *curves, sep=",", file=file)
        for step, losses in enumerate(zip(*curves.values(), strict=True), 1):
            print(step, *losses, sep=",", file=file)
