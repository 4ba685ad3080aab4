"""The pairs that a benchmark reads: given ones, or scenes of its own."""

import argparse
import os

from benchmarks.harness import process, trees
from preprocess import command_line


def add_flags(parser: command_line.FlagParser, num_pairs: int = 200) -> None:
    """Adds the flags that say which pairs are read."""
    parser.add_argument(
        "--cityscapes_root",
        help="take the train split's first pairs from there",
    )
    parser.add_argument(
        "--num_pairs",
        type=command_line.whole(1),
        default=num_pairs,
        help="pairs that are read (default: %(default)s)",
    )
    parser.add_argument(
        "--image_size",
        default="1024x2048",
        help="HEIGHTxWIDTH of drawn scenes (default: %(default)s)",
    )
    parser.add_argument(
        "--work_dir",
        help="an existing folder for pairs and outputs (default: the system's "
        "temporary folder); 30 MB a pair are needed",
    )


def find_or_draw(flags: argparse.Namespace, work_dir: str) -> list[trees.Pair]:
    """Finds the pairs that the flags name; draws scenes if they name none.

    Raises:
        FileNotFoundError: There are no pictures, or one has no label map.
        process.CommandError: The scenes cannot be drawn.
    """
    root = flags.cityscapes_root
    if root is None:
        root = os.path.join(work_dir, "drawn")
        command = process.module_command(
            "preprocess.sample",
            f"--output_dir={root}",
            f"--num_train={flags.num_pairs}",
            "--num_val=1",
            f"--image_size={flags.image_size}",
        )
        process.run(command)
    return trees.find_pairs(root, flags.num_pairs)
