"""Trains on a machine with two devices, which are logical ones of the CPU.

    python -m tests.two_devices DATA_DIR OUT

writes the runs OUT/single, OUT/mirrored and OUT/resumed, whose first epoch
was mirrored, and what steps of each kind of stepper give.

The runs are of float64.  In float32 the gradients of a U-Net on pictures as
small as these are off by some percent, on one device too, and two kernels for
the same thing part company after a few steps.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


import functools

import keras
import numpy as np
import tensorflow as tf

from tests import tiny_run
from trainer import train
from trainer.backends import devices
from trainer.backends.step import StepOptions, build_stepper
from trainer.config.devices import DevicesConfig
from trainer.losses.segmentation import SegmentationLoss

NUM_CLASSES = 6
SINGLE, MIRRORED = DevicesConfig("single"), DevicesConfig("mirrored")


def split_cpu() -> None:
    """Makes two devices of the CPU, which nothing may have used yet."""
    [cpu] = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, halves)


def small_network(dtype: str) -> keras.Model:
    """Makes the smallest network with all kinds of layers of a U-Net."""
    layers = keras.layers
    conv = functools.partial(layers.Conv2D, padding="same", dtype=dtype)
    inputs = keras.Input((None, None, 3))
    skip = conv(4, 3, activation="relu")(inputs)
    skip = layers.BatchNormalization(dtype=dtype)(skip)
    x = conv(4, 3)(layers.MaxPooling2D(dtype=dtype)(skip))
    x = layers.Conv2DTranspose(4, 2, strides=2, dtype=dtype)(x)
    x = layers.Concatenate(dtype=dtype)([skip, x])
    x = layers.BatchNormalization(dtype=dtype)(x)
    logits = layers.Conv2D(NUM_CLASSES, 1, dtype="float32")(x)
    return keras.Model(inputs, logits)


def take_steps(members: tuple[str, ...], num_parts: int) -> list[np.ndarray]:
    """Learns from three batches and scores one.

    Returns:
        The losses, the last confusion counts, and all variables.
    """
    keras.utils.set_random_seed(1)
    weights = np.arange(NUM_CLASSES, dtype=np.float32)
    stepper = build_stepper(
        small_network("float64" if num_parts == 1 else "float32"),
        keras.optimizers.SGD(0.1),
        SegmentationLoss(weights, focal_gamma=1.0, has_dice=num_parts == 1),
        StepOptions(num_parts=num_parts, devices=members),
    )
    draws = np.random.default_rng(0)
    losses = []
    for step in range(4):
        images = tf.constant(draws.integers(0, 256, (8, 32, 32, 3), np.uint8))
        labels = tf.constant(draws.integers(0, 8, (8, 32, 32), np.uint8))
        if step < 3:
            result = stepper.train(images, labels)
        else:
            result = stepper.evaluate(images, labels)
        losses.append(float(result.loss))
    variables = [v.numpy() for v in stepper.model.variables]
    return [np.array(losses), np.asarray(result.counts), *variables]


def main(data_dir: str, out: str) -> None:
    """Trains and steps."""
    split_cpu()
    devices.choose_policy = lambda *_: "float64"
    devices.has_kernels = lambda *_: False  # they know float32 only
    members = devices.find_device(MIRRORED).members
    for num_parts in (1, 2):
        np.savez(f"{out}/single{num_parts}", *take_steps((), num_parts))
        np.savez(f"{out}/mirrored{num_parts}", *take_steps(members, num_parts))
    for name, epochs in {
        "single": (SINGLE, SINGLE),
        "mirrored": (MIRRORED, MIRRORED),
        "resumed": (MIRRORED, SINGLE),
    }.items():
        for number, options in enumerate(epochs, 1):
            config = tiny_run.make_config(
                data_dir,
                f"{out}/{name}",
                epochs=number,
                devices=options,
                tensorboard_pictures=0,
            )
            train.run(config)


if __name__ == "__main__":
    main(*sys.argv[1:])
