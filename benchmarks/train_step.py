r"""Compares training steps: the recipe's, this project's, PyTorch's.

    python -m benchmarks.train_step --rounds=3 --json=train_step.json \
        --torch_python=PATH

Each contender steps in a process of its own, without an input pipeline, on the
same batch; the recipe and this project begin with the same weights, PyTorch
with its own.  "ours" computes in the type that --mixed_precision=auto chooses;
its row of float32 is the one to hold against the recipe's.

Peak memory is, on a CPU, the process's peak above what it had when imports and
the batch were there; on a GPU the most that the device's allocator had in use.
The share of the limit is that of the device's own rate of square matrix
products in the same type, measured just before.  The confusion matrix's share
of a step is the time of its counting alone, from logits that are there, over
that of the whole step.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

from benchmarks.harness import process, report, rounds
from benchmarks.harness.rounds import Result
from benchmarks.steps import flops, step_timing
from benchmarks.steps.step_rows import (
    BACKENDS,
    COUNTS,
    ENCODER,
    FLOAT32,
    OURS,
    RECIPE,
    REMAT,
    Device,
    contenders,
)
from preprocess import command_line

_PACKAGES = ("tensorflow", "keras", "numpy", "jax")


def main() -> int:
    """Runs the benchmark; returns the exit code."""
    flags = _parse_flags()
    try:
        device = _find_device()
        _set_size(flags, device)
        rows = contenders(flags, device)
        results = rounds.run_rounds(rows, flags.rounds)
    except (process.CommandError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    ratios = _ratios(results, device.kind)
    print(
        f"{device.name}, base_filters {flags.base_filters}, batch "
        f"{flags.batch_size} of {flags.size_px}x{flags.size_px}"
    )
    print(report.table(results))
    print("\n".join(_step_lines(results, flags, device)))
    print(report.ratio_lines(ratios))
    if flags.json:
        report.write_json(flags.json, results, ratios, _PACKAGES)
    return 0


def _parse_flags() -> argparse.Namespace:
    parser = report.parser(__doc__)
    parser.add_argument(
        "--base_filters", type=command_line.whole(1), default=64
    )
    parser.add_argument(
        "--batch_size",
        type=command_line.whole(2),
        help="an even number (default: 32 on a GPU, 2 on a CPU)",
    )
    parser.add_argument(
        "--num_steps",
        type=command_line.whole(1),
        help="timed steps a run (default: 20 on a GPU, 2 on a CPU)",
    )
    parser.add_argument(
        "--size_px",
        type=command_line.whole(1),
        default=step_timing.SIZE_PX,
        help="side of the square pictures (default: %(default)s)",
    )
    parser.add_argument(
        "--rows",
        default="",
        help="a regular expression: of all rows only those whose names it "
        "finds something in (default: all)",
    )
    parser.add_argument("--backend", choices=(*BACKENDS, "all"), default="all")
    parser.add_argument(
        "--torch_python",
        help="an interpreter that has torch, numpy and "
        "segmentation-models-pytorch",
    )
    return parser.parse_flags(None)


def _find_device() -> Device:
    told = process.run(
        process.module_command("benchmarks.steps.step_device", BACKENDS[0])
    ).output
    return Device(**json.loads(told.splitlines()[-1]))


def _set_size(flags: argparse.Namespace, device: Device) -> None:
    flags.batch_size = flags.batch_size or (32 if device.is_gpu else 2)
    flags.num_steps = flags.num_steps or (20 if device.is_gpu else 2)


def _ratios(
    results: Mapping[str, Result], kind: str
) -> dict[str, float | None]:
    """Compares with the recipe, backend by backend, and the step's parts."""
    ratios = {}
    for backend in BACKENDS:
        ours, float32, remat, recipe, counts = (
            f"{kind} {backend}: {name}"
            for name in (OURS, FLOAT32, REMAT, RECIPE, COUNTS)
        )
        if recipe not in results:
            continue
        for name in (ours, float32, remat):
            ratios[f"{name} / recipe, speed"] = rounds.ratio(
                results, name, recipe
            )
            ratios[f"{name} / recipe, peak memory"] = _peak_ratio(
                results[name], results[recipe]
            )
        # Both are images a second: the quotient is one of times.
        ratios[f"{ours}, the confusion matrix's share of a step"] = (
            rounds.ratio(results, ours, counts)
        )
    return ratios


def _peak_ratio(result: Result, recipe: Result) -> float | None:
    peak_mb, recipe_mb = (r.row()["peak_mb"] for r in (result, recipe))
    return peak_mb / recipe_mb if peak_mb and recipe_mb else None


def _step_lines(
    results: Mapping[str, Result], flags: argparse.Namespace, device: Device
) -> Sequence[str]:
    """Says how long a step takes and, on a GPU, how near to the limit."""
    num_flops = flops.step_flops(
        flags.base_filters,
        step_timing.NUM_CLASSES,
        flags.size_px,
        flags.batch_size,
    )
    lines = [
        f"a step of the U-Net without {ENCODER}: {num_flops / 1e9:,.1f} GFLOP, "
        "convolutions only"
    ]
    for name, result in results.items():
        if rate := result.row()["median"]:
            seconds = flags.batch_size / rate
            line = f"{name}: {seconds * 1e3:,.0f} ms a step"
            if device.is_gpu and ENCODER not in name:
                reached, limit = num_flops / seconds, device.limit(name)
                line += (
                    f", {reached / 1e12:.3g} of {limit / 1e12:.3g} TFLOP/s, "
                    f"{reached / limit:.0%}"
                )
            lines.append(line)
    return lines


if __name__ == "__main__":
    sys.exit(main())
