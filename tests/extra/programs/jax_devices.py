"""Steps on one device and on two, which XLA makes of this CPU.

XLA_FLAGS=--xla_force_host_platform_device_count=2 KERAS_BACKEND=jax \
    python -m tests.extra.programs.jax_devices OUT.npz
"""

import sys

import jax
import keras
import numpy as np

from trainer.backends import devices
from trainer.backends.build import build_stepper
from trainer.backends.step import StepOptions
from trainer.config.devices import DevicesConfig
from trainer.config.optimization import LossConfig, OptimizerConfig
from trainer.losses.build import build_loss
from trainer.models.kinds import Kinds
from trainer.models.unet import build_unet
from trainer.optimizers.build import build_optimizer

NUM_CLASSES = 19
LOSS = LossConfig("cross_entropy_dice", label_smoothing=0.1)
OPTIMIZER = OptimizerConfig("sgd", learning_rate=0.1)


def take_steps(members: tuple[str, ...], **options) -> list[np.ndarray]:
    """Learns from two batches and scores one.

    Returns:
        The last confusion counts, the losses, and all variables.
    """
    keras.utils.set_random_seed(1)
    stepper = build_stepper(
        build_unet((None, None, 3), NUM_CLASSES, 2, Kinds("float64")),
        build_optimizer(OPTIMIZER, total_steps=2),
        build_loss(LOSS, np.ones(NUM_CLASSES, np.float32)),
        StepOptions(devices=members, **options),
    )
    draws = np.random.default_rng(0)
    losses = []
    for step in (stepper.train,) * 2 + (stepper.evaluate,):
        images = draws.integers(0, 256, (8, 64, 64, 3), np.uint8)
        result = step(images, draws.integers(0, 22, (8, 64, 64), np.uint8))
        losses.append(float(result.loss))
    stepper.sync()
    variables = [keras.ops.convert_to_numpy(v) for v in stepper.model.variables]
    return [np.asarray(result.counts), np.array(losses), *variables]


def main(path: str) -> None:
    """Steps in float64, and keeps what came of it.

    In float32 the gradients of so narrow a network are off by some percent
    whatever computes them.  The loss stays float32: what it rounds grows a
    hundredfold and more with each step, so that two are compared.
    """
    jax.config.update("jax_enable_x64", True)
    members = devices.find_device(DevicesConfig("mirrored")).members
    assert len(members) == 2
    results = {
        "one": take_steps(()),
        "two": take_steps(members),
        "one_remat": take_steps((), remat=True),
        "two_remat": take_steps(members, remat=True),
    }
    arrays = {
        f"{name}/{number}": array
        for name, found in results.items()
        for number, array in enumerate(found)
    }
    np.savez(path, **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
