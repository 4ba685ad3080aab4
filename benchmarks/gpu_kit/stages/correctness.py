"""Stage b: whether the card computes what a CPU computes, and learns."""

import argparse
import os
import subprocess
import sys

import numpy as np

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stage import Row
from benchmarks.gpu_kit.stages import frames, gradients, learning
from trainer.backends.step import StepOptions

_TOLERANCE = 10.0
"""Times the yardstick: roundings at every layer, not at the weights alone."""

_MAX_LOSS_OFF = 0.05
"""Tells more than gradients where rounding the weights alone changes those
altogether, as in a small network's bfloat16."""


def main() -> None:
    """Prints losses of steps, and gradients beside the CPU's."""
    flags = stage.parse_flags(__doc__)
    path = os.path.join(flags.work_dir, "cpu_gradients.npz")
    small = ["--small"] if flags.small else []
    module = (sys.executable, "-m", "benchmarks.gpu_kit.stages.gradients")
    with subprocess.Popen(
        [*module, flags.data_dir, path, *small],
        env=os.environ | {"JAX_PLATFORMS": "cpu"},
    ) as on_cpu:
        learning.run(flags)
        if on_cpu.wait():
            raise SystemExit("the CPU's gradients could not be computed")
    for network in gradients.NETWORKS:
        _compare_arithmetic(flags, path, network)
    _compare_options(flags, path)


def _compare_arithmetic(
    flags: argparse.Namespace, path: str, network: str
) -> None:
    """Compares a network's gradients in each type with the CPU's."""
    batch = gradients.read_batch(flags.data_dir, network, flags.small)
    for arithmetic in gradients.NETWORKS[network]:
        stepped = gradients.Stepped(network, arithmetic, flags.small)
        reference = gradients.Reference(path, network, arithmetic)
        _emit(arithmetic, stepped.step(batch), reference)


def _compare_options(flags: argparse.Namespace, path: str) -> None:
    """Compares the recipe's gradients in pieces with the CPU's in one."""
    reference = gradients.Reference(path, "recipe", gradients.EXACT)
    batch = gradients.read_batch(flags.data_dir, "recipe", flags.small)
    # Batch normalization sees a part at a time: two equal parts are as one.
    twice = frames.Frames(*(np.repeat(part, 2, axis=0) for part in batch))
    for name, options, shown in (
        ("--remat", StepOptions(True, remat=True), batch),
        ("--accumulate_steps=2", StepOptions(True, num_parts=2), twice),
    ):
        stepped = gradients.Stepped(
            "recipe", gradients.EXACT, flags.small, options
        )
        _emit(name, stepped.step(shown), reference)


def _emit(
    name: str, found: gradients.Found, reference: gradients.Reference
) -> None:
    """Emits how far gradients are off, beside a yardstick."""
    off, yardstick = found.off(reference.found), reference.yardstick
    allowed = min(_TOLERANCE * yardstick, max(1.0, 2 * yardstick))
    loss_off = abs(found.loss / reference.found.loss - 1)
    stage.emit(
        Row(
            f"{reference.network}'s gradients, {name}: off the CPU's float32",
            "%",
            (100 * off,),
            is_right=found.is_finite()
            and off <= allowed
            and loss_off <= _MAX_LOSS_OFF,
            note=f"weights rounded alike: {100 * yardstick:.2g} %; loss off by "
            f"{100 * loss_off:.2g} %",
        )
    )


if __name__ == "__main__":
    main()
