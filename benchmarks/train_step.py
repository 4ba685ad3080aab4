r"""Compares training steps: the recipe's, this project's, PyTorch's.

    python -m benchmarks.train_step --rounds=3 --json=train_step.json \
        --torch_python=PATH

Same weights, same batch, each contender in a process of its own, no input
pipeline.  Peak memory is, on a CPU, the process's peak above what it had
when imports and the batch were there; on a GPU the most that the device's
allocator had in use.  The share of the limit is that of the device's own
rate of square matrix products in the same type, measured just before.
"""

import argparse
import dataclasses
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence

from benchmarks import flops, harness, process, report, step_timing
from benchmarks.harness import Contender, Result
from preprocess import tool

RECIPE, OURS, REMAT = "recipe, float32", "ours", "ours --remat"
TORCH = "PyTorch"
_BACKENDS = ("tensorflow", "jax")
_PACKAGES = ("tensorflow", "keras", "numpy", "jax")
_UNIT = "images/s"
_FLAGS = {
    RECIPE: ("--contender=recipe",),
    OURS: ("--contender=ours",),
    REMAT: ("--contender=ours", "--remat"),
    "ours --accumulate_steps=2": ("--contender=ours", "--accumulate_steps=2"),
}
_GPU_FLAGS = _FLAGS | {
    "ours --mixed_precision=float32": (
        "--contender=ours",
        "--precision=float32",
    ),
    "ours --jit_compile=off": ("--contender=ours", "--jit_compile=off"),
}
_FLOAT32 = (RECIPE, "ours --mixed_precision=float32")


@dataclasses.dataclass(frozen=True)
class Device:
    """What `benchmarks.step_device` tells.

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
        is_float32 = row.endswith(_FLOAT32)
        return self.flops["float32" if is_float32 else last]


def main() -> int:
    """Runs the benchmark; returns the exit code."""
    flags = _parse_flags()
    try:
        device = _find_device()
        _set_size(flags, device)
        contenders = _contenders(flags, device)
        results = harness.run_rounds(contenders, flags.rounds)
    except (process.CommandError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    ratios = _ratios(results, device.kind)
    print(
        f"{device.name}, base_filters {flags.base_filters}, batch "
        f"{flags.batch_size} of {step_timing.SIZE_PX}x{step_timing.SIZE_PX}"
    )
    print(report.table(results))
    print("\n".join(_step_lines(results, flags, device)))
    print(report.ratio_lines(ratios))
    if flags.json:
        report.write_json(flags.json, results, ratios, _PACKAGES)
    return 0


def _parse_flags() -> argparse.Namespace:
    parser = report.parser(__doc__)
    parser.add_argument("--base_filters", type=tool.whole(1), default=64)
    parser.add_argument(
        "--batch_size",
        type=tool.whole(2),
        help="an even number (default: 32 on a GPU, 2 on a CPU)",
    )
    parser.add_argument(
        "--num_steps",
        type=tool.whole(1),
        help="timed steps a run (default: 20 on a GPU, 2 on a CPU)",
    )
    parser.add_argument("--backend", choices=(*_BACKENDS, "all"), default="all")
    parser.add_argument(
        "--torch_python", help="an interpreter that has torch and numpy"
    )
    return parser.parse_flags(None)


def _find_device() -> Device:
    told = process.run(_module("benchmarks.step_device", _BACKENDS[0])).output
    return Device(**json.loads(told.splitlines()[-1]))


def _set_size(flags: argparse.Namespace, device: Device) -> None:
    flags.batch_size = flags.batch_size or (32 if device.is_gpu else 2)
    flags.num_steps = flags.num_steps or (20 if device.is_gpu else 2)


def _contenders(flags: argparse.Namespace, device: Device) -> list[Contender]:
    """Returns a row each; on a CPU those of a GPU too, not measured."""
    backends = _BACKENDS if flags.backend == "all" else (flags.backend,)
    size = [
        f"--{name}={getattr(flags, name)}"
        for name in ("base_filters", "batch_size", "num_steps")
    ]
    variants = _GPU_FLAGS if device.is_gpu else _FLAGS
    rows = []
    for backend in backends:
        for name, own in variants.items():
            command = _module(
                "benchmarks.step_keras", *size, f"--backend={backend}", *own
            )
            rows.append(_row(f"{device.kind} {backend}: {name}", command))
            if importlib.util.find_spec(backend) is None:
                rows[-1] = _absent(rows[-1].name, f"{backend} is not there")
    torch_name = f"{device.kind} {TORCH}"
    if flags.torch_python:
        module = (flags.torch_python, "-m", "benchmarks.step_torch")
        rows.append(_row(torch_name, (*module, *size)))
    else:
        rows.append(_absent(torch_name, "no --torch_python was given"))
    if not device.is_gpu:
        names = [f"{b}: {name}" for b in backends for name in _GPU_FLAGS]
        for name in (*names, TORCH):
            rows.append(_absent(f"GPU {name}", "no GPU here"))
    return rows


def _row(name: str, command: tuple[str, ...]) -> Contender:
    return Contender(name, _UNIT, command)


def _absent(name: str, reason: str) -> Contender:
    return Contender(name, _UNIT, not_measured=reason)


def _ratios(
    results: Mapping[str, Result], kind: str
) -> dict[str, float | None]:
    """Compares speed and peak memory with the recipe's, backend by backend."""
    ratios = {}
    for backend in _BACKENDS:
        ours, remat, recipe = (
            f"{kind} {backend}: {name}" for name in (OURS, REMAT, RECIPE)
        )
        if recipe not in results:
            continue
        ratios[f"{ours} / recipe, speed"] = harness.ratio(results, ours, recipe)
        for name in (ours, remat):
            ratios[f"{name} / recipe, peak memory"] = _peak_ratio(
                results[name], results[recipe]
            )
    return ratios


def _peak_ratio(result: Result, recipe: Result) -> float | None:
    peaks = [r.row()["peak_mb"] for r in (result, recipe)]
    return peaks[0] / peaks[1] if all(peaks) else None


def _step_lines(
    results: Mapping[str, Result], flags: argparse.Namespace, device: Device
) -> Sequence[str]:
    """Says how long a step takes and, on a GPU, how near to the limit."""
    num_flops = flops.step_flops(
        flags.base_filters,
        step_timing.NUM_CLASSES,
        step_timing.SIZE_PX,
        flags.batch_size,
    )
    lines = [f"a step: {num_flops / 1e9:,.1f} GFLOP, convolutions only"]
    for name, result in results.items():
        if result.samples:
            seconds = flags.batch_size / result.row()["median"]
            line = f"{name}: {seconds * 1e3:,.0f} ms a step"
            if device.is_gpu:
                rate, limit = num_flops / seconds, device.limit(name)
                line += (
                    f", {rate / 1e12:.3g} of {limit / 1e12:.3g} TFLOP/s, "
                    f"{rate / limit:.0%}"
                )
            lines.append(line)
    return lines


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)


if __name__ == "__main__":
    sys.exit(main())
