r"""Times what augmentation beyond the recipe's costs the input.

    python -m benchmarks.augmentation --rounds=3 --json=augmentation.json

Each rate is images a second into batches of 32, 256x256, from the second
epoch on, out of decoded pictures in memory, so that nothing but augmentation
is left to do.  Scales are 0.5 to 2; colours are --brightness=0.2
--contrast=0.2 --saturation=0.2; rectangles are --coarse_dropout=8; crops on
rare classes are --rare_class_crops=0.5.
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

RECIPE = "crop and flip, as the recipe"
_NAMES = {
    "recipe": RECIPE,
    "colors": "and colours",
    "rectangles": "and rectangles",
    "scale": "and scales",
    "rare": "and half of the crops on rare classes",
    "all": "and all three",
}
"""Augmentation of `feed_ours` → row."""

_PACKAGES = ("tensorflow", "numpy")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    return comparison.run(_parse_flags(argv), _prepare, _ratios, _PACKAGES)


def _parse_flags(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = report.parser(__doc__)
    native_pairs.add_flags(parser, num_pairs=64)
    return parser.parse_flags(argv)


def _prepare(flags: argparse.Namespace, work_dir: str) -> list[Contender]:
    """Converts the pairs and returns a contender an augmentation."""
    pairs = native_pairs.find_or_draw(flags, work_dir)
    root, data_dir = (
        os.path.join(work_dir, name) for name in ("pairs", "records")
    )
    trees.link_tree(pairs, root, "train", len(pairs))
    process.run(
        process.module_command(
            "preprocess.main",
            f"--cityscapes_root={root}",
            f"--output_dir={data_dir}",
            "--splits=train",
            "--image_size=280x280",
        )
    )
    feed = (
        "benchmarks.contenders.feed_ours",
        data_dir,
        "ram",
        "later",
        "uint8",
    )
    return [
        Contender(name, "images/s", process.module_command(*feed, augmentation))
        for augmentation, name in _NAMES.items()
    ]


def _ratios(results: Mapping[str, Result]) -> dict[str, float | None]:
    return {
        f"{name} / {RECIPE}": rounds.ratio(results, name, RECIPE)
        for name in results
        if name != RECIPE
    }


if __name__ == "__main__":
    sys.exit(main())
