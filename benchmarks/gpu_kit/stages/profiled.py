"""Where a step's time goes: the card's kernels, by what they take.

python -m benchmarks.gpu_kit.stages.profiled TRACE_DIR --contender=ours ...
"""

import argparse
import collections
import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stage import Row
from benchmarks.gpu_kit.stages import contenders

_NUM_KERNELS = 15
_NAME_LENGTH = 60
_NUM_STEPS = 3


def run(flags: argparse.Namespace) -> None:
    """Traces our step in a process of its own, and emits the kernels."""
    name = "profile of ours"
    ours = contenders.waves(flags)[0][1]
    folder = os.path.join(flags.work_dir, "trace")
    shutil.rmtree(folder, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        "benchmarks.gpu_kit.stages.profiled",
        folder,
    ]
    arguments = [part for part in ours.command[3:] if part != "--served"]
    done = subprocess.run([*command, *arguments], stdout=subprocess.PIPE)
    if done.returncode:
        reason = f"it ended with exit code {done.returncode}"
        stage.absent(name, reason, is_right=False)
        return
    sys.stdout.write(done.stdout.decode())
    sys.stdout.flush()


def main(folder: str, *arguments: str) -> None:
    """Traces a few steps after the first, which compiles."""
    from benchmarks.steps import step_keras

    step = step_keras.prepare(step_keras.parse_flags(arguments)).step
    step()
    import jax

    with jax.profiler.trace(folder):
        for _ in range(_NUM_STEPS):
            step()
    (path,) = glob.glob(f"{folder}/**/*.xplane.pb", recursive=True)
    planes = jax.profiler.ProfileData.from_file(path).planes
    taken = kernel_seconds(planes)
    if not taken:
        stage.absent("profile of ours", "the trace holds no GPU")
    for row in kernel_rows(taken):
        stage.emit(row)


def kernel_seconds(planes: Iterable[Any]) -> collections.Counter[str]:
    """Adds up the kernels of all streams of GPUs.

    Args:
        planes: Those of jax.profiler.ProfileData.

    Returns:
        Kernel name, without the number behind it → seconds.
    """
    taken: collections.Counter[str] = collections.Counter()
    for plane in planes:
        if not plane.name.startswith("/device:GPU"):
            continue
        for line in plane.lines:
            if line.name.startswith("Stream"):
                for event in line.events:
                    name = event.name.rstrip("0123456789").rstrip("_.")
                    taken[name] += event.duration_ns / 1e9
    return taken


def kernel_rows(taken: collections.Counter[str]) -> list[Row]:
    """Returns the rows of the kernels that take most, by their ranks.

    Args:
        taken: Kernel name → seconds, as `kernel_seconds` has them.
    """
    total = sum(taken.values())
    return [
        Row(
            # Cut names may be equal, and rows of one name are one.
            f"kernel {rank}: {name[:_NAME_LENGTH]}",
            "ms a step",
            (1e3 * seconds / _NUM_STEPS,),
            share=seconds / total,
            note="share of the kernels' time",
        )
        for rank, (name, seconds) in enumerate(
            taken.most_common(_NUM_KERNELS), 1
        )
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
