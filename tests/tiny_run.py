"""Short training runs on a `tiny_dataset`, and how two of them compare."""

import csv
import math

import keras
import numpy as np

from trainer import train
from trainer.config.data import DataConfig
from trainer.config.model import ModelConfig
from trainer.config.training import TrainConfig
from trainer.data.run_records import open_run
from trainer.engine import checkpoints
from trainer.engine.epoch import Row


def make_config(data_dir, model_dir, **options) -> TrainConfig:
    """Makes the configuration of a run on 40x40 frames."""
    return TrainConfig(
        model_dir=str(model_dir),
        data=DataConfig(str(data_dir), resize=(40, 40), crop=(32, 32)),
        **{
            "model": ModelConfig("label_ids", base_filters=2),
            "epochs": 2,
            "batch_size": 4,
        }
        | options,
    )


def run_training(config: TrainConfig) -> int:
    """Trains as --mode=train does; returns the exit code."""
    return train.run(config, open_run(config.data))


def arguments(data_dir, model_dir, *more: str) -> tuple[str, ...]:
    """Returns trainer.task's flags for the same run."""
    return (
        "--mode=train",
        f"--data_dir={data_dir}",
        f"--model_dir={model_dir}",
        "--resize=40x40",
        "--crop=32x32",
        "--base_filters=2",
        "--batch_size=4",
        *more,
    )


def make_row(epoch, val_mean_iou=0.25, ema=math.nan):
    return Row(
        epoch=epoch,
        step=2 * epoch,
        learning_rate=1e-3,
        loss=1.5,
        pixel_accuracy=0.5,
        mean_iou=0.125,
        val_loss=2.0,
        val_pixel_accuracy=1 / 3,
        val_mean_iou=val_mean_iou,
        val_mean_iou_ema=ema,
        images_per_second=10.0,
        input_wait_share=0.0,
        peak_memory_mb=700.5,
        seconds=12.25,
    )


def read_rows(model_dir) -> list[dict[str, str]]:
    """Reads metrics.csv."""
    with open(f"{model_dir}/metrics.csv") as file:
        return list(csv.DictReader(file))


def same_state(model_dir, other_dir) -> bool:
    """Whether the last checkpoints of two runs are equal bit for bit."""
    some = checkpoints.load_latest(str(model_dir))
    other = checkpoints.load_latest(str(other_dir))
    assert some.step == other.step
    assert list(some.arrays) == list(other.arrays)
    return all(
        np.array_equal(values, other.arrays[name])
        for name, values in some.arrays.items()
    )


def same_networks(model_dir, other_dir) -> bool:
    """Whether the saved networks of two runs are equal bit for bit."""
    for name in ("best.keras", "last.keras"):
        weights = [
            keras.saving.load_model(f"{folder}/{name}").get_weights()
            for folder in (model_dir, other_dir)
        ]
        if not all(map(np.array_equal, *weights)):
            return False
    return True
