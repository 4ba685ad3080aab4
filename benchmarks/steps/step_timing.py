"""What the contenders of `benchmarks.train_step` share: time and memory.

Standard library and NumPy only, as the module of sizes: PyTorch's interpreter
runs it as well.
"""

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np

from schemas import sizes

NUM_CLASSES = 34
SIZE_PX = 256
_SEED = 2019


def parser(description: str) -> argparse.ArgumentParser:
    """Returns a parser of the flags that all contenders take."""
    shared = argparse.ArgumentParser(description=description)
    for name in ("base_filters", "batch_size", "num_steps"):
        shared.add_argument(f"--{name}", type=int, required=True)
    shared.add_argument(
        "--precision", default="auto", help="float32, bfloat16 or auto"
    )
    shared.add_argument("--size", type=sizes.parse, default=(SIZE_PX, SIZE_PX))
    shared.add_argument(
        "--served",
        action="store_true",
        help="time a round for each line of the standard input; the first one "
        "compiles",
    )
    return shared


def draw_batch(
    batch_size: int, size: sizes.Size
) -> tuple[np.ndarray, np.ndarray]:
    """Draws (B, H, W, 3) and (B, H, W) uint8, the same each time."""
    draws = np.random.default_rng(_SEED)
    shape = (batch_size, *size)
    images = draws.integers(0, 256, (*shape, 3), np.uint8)
    return images, draws.integers(0, NUM_CLASSES, shape, np.uint8)


def resident_mb() -> float:
    """Returns the process's memory in MiB; 0 without /proc."""
    return _status_mb("VmRSS")


def print_figures(
    flags: argparse.Namespace,
    step: Callable[[], float],
    base_mb: float,
    device_peak_mb: Callable[[], float] | None,
) -> None:
    """Prints images a second and the peak memory in MiB, a line a round.

    Args:
        flags: Those of `parser`.
        step: Takes one step and waits for its loss.
        base_mb: The process's memory when imports and data were there.
        device_peak_mb: Gives the most that the device's allocator had in
            use; None on a CPU, where it is the process's peak above
            `base_mb`.
    """
    if not flags.served:
        step()  # traces and compiles
    for _ in sys.stdin if flags.served else range(1):
        begin = time.perf_counter()
        for _ in range(flags.num_steps):
            step()
        seconds = time.perf_counter() - begin
        if device_peak_mb is None:
            peak_mb = _status_mb("VmHWM") - base_mb
        else:
            peak_mb = device_peak_mb()
        rate = flags.num_steps * flags.batch_size / seconds
        print(rate, peak_mb, flush=True)


def _status_mb(key: str) -> float:
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(key):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0
