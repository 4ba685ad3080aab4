"""The rows of `benchmarks.train_step`: who steps, with which flags."""

import argparse
import dataclasses
import importlib.util
import re

from benchmarks.harness import process
from benchmarks.harness.rounds import Contender

RECIPE, OURS, REMAT = "recipe, float32", "ours", "ours --remat"
FLOAT32 = f"{OURS} --mixed_precision=float32"
COUNTS = "ours, the confusion matrix alone"
TORCH = "PyTorch"
ENCODER = "--encoder=efficientnet_lite0"
"""In the names of rows whose network is an encoder's U-Net."""
BACKENDS = ("tensorflow", "jax")

_UNIT = "images/s"
_FLAGS = {
    RECIPE: ("--contender=recipe",),
    OURS: ("--contender=ours",),
    FLOAT32: ("--contender=ours", "--precision=float32"),
    REMAT: ("--contender=ours", "--remat"),
    "ours --accumulate_steps=2": ("--contender=ours", "--accumulate_steps=2"),
    COUNTS: ("--contender=counts",),
    f"ours {ENCODER}": ("--contender=ours", ENCODER),
}
_CPU_FLAGS = _FLAGS | {
    "ours --mixed_precision=bfloat16": (
        "--contender=ours",
        "--precision=bfloat16",
    ),
    "ours --jit_compile=on": ("--contender=ours", "--jit_compile=on"),
    f"ours {ENCODER} --mixed_precision=bfloat16": (
        "--contender=ours",
        "--precision=bfloat16",
        ENCODER,
    ),
}
_GPU_FLAGS = _FLAGS | {
    "ours --jit_compile=off": ("--contender=ours", "--jit_compile=off"),
}


@dataclasses.dataclass(frozen=True)
class Device:
    """What `benchmarks.steps.step_device` tells.

    Attributes:
        name: What people call it.
        is_gpu: Whether it is one.
        flops: Type → operations a second in matrix products.
    """

    name: str
    is_gpu: bool
    flops: dict[str, float]

    @property
    def kind(self) -> str:
        """Returns what row names begin with."""
        return "GPU" if self.is_gpu else "CPU"

    def limit(self, row: str) -> float:
        """Returns the operations a second that a row could have made."""
        last = list(self.flops)[-1]  # the type that `auto` chooses
        is_float32 = row.endswith((RECIPE, FLOAT32))
        return self.flops["float32" if is_float32 else last]


def contenders(flags: argparse.Namespace, device: Device) -> list[Contender]:
    """Returns a row each; on a CPU those of a GPU too, not measured.

    Args:
        flags: Those of `benchmarks.train_step`.
        device: What it runs on.
    """
    backends = BACKENDS if flags.backend == "all" else (flags.backend,)
    size = [
        f"--{name}={getattr(flags, name)}"
        for name in ("base_filters", "batch_size", "num_steps")
    ]
    size.append(f"--size={flags.size_px}x{flags.size_px}")
    rows = []
    for backend in backends:
        for name, own in _variants(backend, device.is_gpu).items():
            command = process.module_command(
                "benchmarks.steps.step_keras",
                *size,
                f"--backend={backend}",
                *own,
            )
            rows.append(_row(f"{device.kind} {backend}: {name}", command))
            if importlib.util.find_spec(backend) is None:
                rows[-1] = _absent(rows[-1].name, f"{backend} is not there")
    # On a CPU each network in the type in which it is fast there.
    precision = "bfloat16" if "bfloat16" in device.flops else "float32"
    for own in ((), (ENCODER, f"--precision={precision}")):
        name = " ".join((device.kind, TORCH, *own[:1]))
        if flags.torch_python:
            module = (flags.torch_python, "-m", "benchmarks.steps.step_torch")
            rows.append(_row(name, (*module, *size, *own)))
        else:
            rows.append(_absent(name, "no --torch_python was given"))
    if not device.is_gpu:
        names = [
            f"{backend}: {name}"
            for backend in backends
            for name in _variants(backend, is_gpu=True)
        ]
        for name in (*names, TORCH, f"{TORCH} {ENCODER}"):
            rows.append(_absent(f"GPU {name}", "no GPU here"))
    return [
        _absent(row.name, reason)
        if (reason := _why_not(row, flags, device))
        else row
        for row in rows
    ]


def _why_not(row: Contender, flags: argparse.Namespace, device: Device) -> str:
    """Says why a row is not measured; empty where it is."""
    if row.not_measured:
        return row.not_measured
    if not re.search(flags.rows, row.name):
        return "--rows leaves it out"
    if "bfloat16" in row.name and "bfloat16" not in device.flops:
        return "the processor would imitate it"
    return ""


def _variants(backend: str, is_gpu: bool) -> dict[str, tuple[str, ...]]:
    """Returns row name → its own flags."""
    variants = _GPU_FLAGS if is_gpu else _CPU_FLAGS
    return {
        name: own
        for name, own in variants.items()
        if backend == "tensorflow" or "--jit_compile" not in name  # JAX always
    }


def _row(name: str, command: tuple[str, ...]) -> Contender:
    return Contender(name, _UNIT, command)


def _absent(name: str, reason: str) -> Contender:
    return Contender(name, _UNIT, not_measured=reason)
