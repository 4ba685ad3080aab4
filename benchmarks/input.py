r"""Compares feeds of training batches from the same native-size pairs.

    python -m benchmarks.input --rounds=3 --json=input.json \
        --cityscapes_root=DIR --torch_python=PATH

Each rate is images a second into batches of 32, cropped to 256x256 and
flipped afresh, every value of every batch read.  The recipe, PyTorch and the
rows that say so give float32 in [-1, 1]; the others the uint8 that the
trainer normalizes on the device.  A first epoch counts from the feed's
opening; other rows from the second epoch on.  Memory is the highest of a
process's whole life.  All read from a warm page cache.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from benchmarks.harness import (
    comparison,
    native_pairs,
    process,
    report,
    rounds,
    trees,
)
from benchmarks.harness.rounds import Contender, Result

RECIPE = "recipe, first epoch"
RECIPE_LATER = "recipe, later epochs: the first one's crops again"
TORCH = "PyTorch DataLoader, full-size PNGs"
NATIVE = "native records, first epoch"
NATIVE_LATER = "native records, from the second epoch"
RESIZED = "280x280 records, --cache=none"
RESIZED_RAM = "280x280 records, --cache=ram"
JPEG = "280x280 JPEG records, --cache=none"
ON_HOST = ", float32"
"""Added to a name where the host normalizes."""

_UNIT = "images/s"
_PACKAGES = ("tensorflow", "numpy", "pillow")
_STORED = {
    "native": (),
    "resized": ("--image_size=280x280",),
    "jpeg": ("--image_size=280x280", "--image_format=jpeg"),
}
"""Data set's folder → the flags that convert it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    return comparison.run(_parse_flags(argv), _prepare, _ratios, _PACKAGES)


def _ratios(results: Mapping[str, Result]) -> dict[str, float | None]:
    return {
        f"{name} / {RECIPE}": rounds.ratio(results, name, RECIPE)
        for name in results
        if name != RECIPE
    }


def _parse_flags(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = report.parser(__doc__)
    native_pairs.add_flags(parser)
    parser.add_argument(
        "--torch_python",
        help="an interpreter that has torch, numpy and pillow installed",
    )
    return parser.parse_flags(argv)


def _prepare(flags: argparse.Namespace, work_dir: str) -> list[Contender]:
    """Converts the pairs and returns the contenders that feed from them."""
    pairs = native_pairs.find_or_draw(flags, work_dir)
    root = os.path.join(work_dir, "pairs")
    trees.link_tree(pairs, root, "train", len(pairs))
    trees.link_tree(pairs, root, "val", 1)  # the recipe looks for some
    data_dirs = {name: os.path.join(work_dir, name) for name in _STORED}
    for name, data_dir in data_dirs.items():
        process.run(
            process.module_command(
                "preprocess.main",
                f"--cityscapes_root={root}",
                f"--output_dir={data_dir}",
                "--splits=train",
                *_STORED[name],
            )
        )
    return [
        _recipe(RECIPE, root, "first"),
        _recipe(RECIPE_LATER, root, "later"),
        _torch(flags.torch_python, root),
        *_ours(data_dirs),
    ]


def _recipe(name: str, root: str, epoch: str) -> Contender:
    command = process.module_command(
        "benchmarks.contenders.feed_recipe", root, epoch
    )
    return Contender(name, _UNIT, command, inputs=(root,))


def _torch(python: str | None, root: str) -> Contender:
    if python is None:
        return Contender(
            TORCH, _UNIT, not_measured="no --torch_python was given"
        )
    num_workers = str(os.cpu_count())
    command = (
        python,
        "-m",
        "benchmarks.contenders.feed_torch",
        root,
        num_workers,
    )
    return Contender(TORCH, _UNIT, command, inputs=(root,))


def _ours(data_dirs: dict[str, str]) -> list[Contender]:
    contenders = []
    for name, stored, cache, epoch, dtype in (
        (NATIVE, "native", "auto", "first", "uint8"),
        (NATIVE_LATER, "native", "auto", "later", "uint8"),
        (NATIVE_LATER + ON_HOST, "native", "auto", "later", "float32"),
        (RESIZED, "resized", "none", "later", "uint8"),
        (RESIZED + ON_HOST, "resized", "none", "later", "float32"),
        (RESIZED_RAM, "resized", "ram", "later", "uint8"),
        (RESIZED_RAM + ON_HOST, "resized", "ram", "later", "float32"),
        (JPEG, "jpeg", "none", "later", "uint8"),
    ):
        data_dir = data_dirs[stored]
        command = process.module_command(
            "benchmarks.contenders.feed_ours", data_dir, cache, epoch, dtype
        )
        contenders.append(Contender(name, _UNIT, command, inputs=(data_dir,)))
    return contenders


if __name__ == "__main__":
    sys.exit(main())
