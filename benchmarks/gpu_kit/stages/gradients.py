"""Loss and gradients of one step, by the trainer's own step.

    python -m benchmarks.gpu_kit.stages.gradients DATA_DIR OUT.npz [--small]

writes those of float32 and, as yardsticks, of weights that are off a little.
"""

import argparse
import contextlib
from typing import Any, NamedTuple

import jax
import keras
import numpy as np

from benchmarks.gpu_kit.stages import frames
from trainer.backends.build import build_stepper
from trainer.backends.step import StepOptions
from trainer.config.encoders import NO_ENCODER
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig
from trainer.losses.build import build_loss
from trainer.models.build import build_training_network

EXACT = "float32, exact products"
"""As the CPU computes; `float32` may multiply TF32 numbers on a GPU."""

YARDSTICKS = {EXACT: 2.0**-20, "float32": 2.0**-11, "bfloat16": 2.0**-9}
"""Arithmetic → what its roundings come to, as a share of each weight.  Sums
of thousands of products lose some bits of a float32's 24."""

NETWORKS = {
    "encoder": (EXACT, "bfloat16"),
    "recipe": (EXACT, "float32", "bfloat16"),
}
"""Network → the arithmetic that it is compared in."""

_ENCODER = "efficientnet_lite0"
_SEED = 2019
_RATE = float(1 << 20)
"""SGD's, so large that a step's rounding is the gradient's."""


class Found(NamedTuple):
    """What a step gave.

    Attributes:
        loss: The batch's.
        gradients: (N,) float64, those of all weights one after the other.
    """

    loss: float
    gradients: np.ndarray

    def is_finite(self) -> bool:
        """Whether no number is NaN or infinite."""
        return bool(
            np.isfinite(self.loss) and np.isfinite(self.gradients).all()
        )

    def off(self, other: "Found") -> float:
        """Returns how far the gradients are from other ones, over those."""
        distance = np.linalg.norm(self.gradients - other.gradients)
        return float(distance / np.linalg.norm(other.gradients))


class Reference:
    """What `main` wrote of a network.

    Attributes:
        network: Its name.
        found: The CPU's loss and gradients in float32.
        yardstick: What rounding the weights alone changes of the gradients.
    """

    def __init__(self, path: str, network: str, arithmetic: str):
        """Reads it, and the yardstick of an arithmetic."""
        self.network = network
        with np.load(path) as arrays:
            self.found, rounded = (
                Found(
                    float(arrays[f"{network}/{off}/loss"]),
                    arrays[f"{network}/{off}/gradients"],
                )
                for off in (0.0, YARDSTICKS[arithmetic])
            )
        self.yardstick = rounded.off(self.found)


class Stepped:
    """A network, drawn the same on any device, whose step can be repeated."""

    def __init__(
        self,
        name: str,
        arithmetic: str,
        is_small: bool,
        options: StepOptions | None = None,
    ):
        """Builds the network and its step.

        Args:
            name: One of `NETWORKS`.
            arithmetic: A key of `YARDSTICKS`.
            is_small: Whether it has to be fit for a CPU.
            options: How the step is computed.
        """
        encoder = _ENCODER if name == "encoder" else NO_ENCODER
        config = ModelConfig(
            "label_ids",
            4 if is_small else 64,
            encoder=encoder,
            encoder_weights="none",
        )
        policy = "mixed_bfloat16" if arithmetic == "bfloat16" else "float32"
        model = build_training_network(config, policy, has_kernels=False)
        self._weights = _drawn_weights(model)
        self._is_exact = arithmetic == EXACT
        self._stepper = build_stepper(
            model,
            keras.optimizers.SGD(_RATE),
            build_loss(LossConfig(), np.ones(config.num_classes, np.float32)),
            options or StepOptions(jit_compile=True),
        )

    def step(self, batch: frames.Frames, weights_off: float = 0.0) -> Found:
        """Takes one step from the drawn weights, off by up to a share."""
        draws = np.random.default_rng(_SEED)
        model = self._stepper.model
        model.set_weights(
            [
                w * (1 + draws.uniform(-weights_off, weights_off, w.shape))
                for w in self._weights
            ]
        )
        self._stepper.reload()
        before = _flat(model.trainable_variables)
        with contextlib.ExitStack() as stack:
            if self._is_exact:
                stack.enter_context(jax.default_matmul_precision("highest"))
            loss = float(self._stepper.train(*batch).loss)
        self._stepper.sync()
        after = _flat(model.trainable_variables)
        return Found(loss, (before - after) / _RATE)


def read_batch(data_dir: str, network: str, is_small: bool) -> frames.Frames:
    """Returns the batch that a network is shown."""
    size, number = (64, 2) if is_small else (128, 2)
    if network == "encoder" and not is_small:
        size, number = 256, 4
    train = frames.read_split(data_dir, "train")
    return next(frames.batches(train, number, (size, size), _SEED))


def _drawn_weights(model: keras.Model) -> list[np.ndarray]:
    """Draws kernels by NumPy, which draws the same for any device."""
    draws = np.random.default_rng(_SEED)
    weights = []
    for variable, value in zip(model.weights, model.get_weights(), strict=True):
        if variable.name == "kernel":
            deviation = (2 / np.prod(value.shape[:-1])) ** 0.5
            value = draws.normal(0, deviation, value.shape)
        weights.append(value.astype(np.float32))
    return weights


def _flat(variables: list[keras.Variable]) -> np.ndarray:
    """Returns (N,) float64."""
    return np.concatenate(
        [
            np.ravel(variable.numpy()).astype(np.float64)
            for variable in variables
        ]
    )


def main() -> None:
    """Writes what this process's device computes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir")
    parser.add_argument("out")
    parser.add_argument("--small", action="store_true")
    flags = parser.parse_args()
    arrays: dict[str, Any] = {}
    for name, arithmetics in NETWORKS.items():
        batch = read_batch(flags.data_dir, name, flags.small)
        stepped = Stepped(name, EXACT, flags.small)
        for off in (0.0, *(YARDSTICKS[kind] for kind in arithmetics)):
            found = stepped.step(batch, off)
            arrays[f"{name}/{off}/loss"] = np.array(found.loss)
            arrays[f"{name}/{off}/gradients"] = found.gradients
    np.savez(flags.out, **arrays)


if __name__ == "__main__":
    main()
