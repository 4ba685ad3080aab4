r"""Draws a synthetic Cityscapes tree: street scenes with exact labelIds.

    python -m preprocess.sample --output_dir=DIR --num_train=64 --num_val=16 \
        --image_size=512x1024

The same seed and size give the same pictures, with any number of workers.
"""

import argparse
import dataclasses
import functools
import time
from collections.abc import Sequence

import numpy as np
from PIL import Image

from preprocess import command_line
from preprocess.scenes.scene import draw_scene
from preprocess.sources import tree
from schemas import failures
from schemas.quantities import counted

CITIES = {
    "train": ("arlstadt", "bad-linden", "corvenz", "dornheim"),
    "val": ("eschfurt", "nieder-alm"),
}
"""Made-up cities; as in Cityscapes, no city is in two splits."""

_LAST_FRAME = 30000
_MAX_SCENES = 10**6
"""Of a split: a sequence's number has six digits."""


@dataclasses.dataclass(frozen=True)
class Scene:
    """One scene to draw.

    Attributes:
        split: `train` or `val`.
        index: Its number in the split, from 0.
        seed: The seed of the whole tree.
    """

    split: str
    index: int
    seed: int

    def random(self) -> np.random.Generator:
        """Returns the scene's own random numbers."""
        split_index = tuple(CITIES).index(self.split)
        return np.random.default_rng([self.seed, split_index, self.index])

    def stem(self, rng: np.random.Generator) -> str:
        """Returns `<city>_<seq>_<frame>`, the frame drawn from `rng`."""
        cities = CITIES[self.split]
        sequence, city = divmod(self.index, len(cities))
        frame = rng.integers(_LAST_FRAME)
        return f"{cities[city]}_{sequence:06d}_{frame:06d}"


def write_scene(root: str, size: tuple[int, int], scene: Scene) -> str:
    """Draws and writes one scene.

    Args:
        root: The tree's root.
        size: (height, width) in pixels.
        scene: Which one.

    Returns:
        Its stem.
    """
    rng = scene.random()
    stem = scene.stem(rng)
    image, label = draw_scene(rng, size)
    pictures = Image.fromarray(image), Image.fromarray(label)
    tree.write_pair(root, scene.split, stem, *pictures)
    return stem


def write_tree(args: argparse.Namespace) -> None:
    """Draws all scenes that the flags ask for.

    Raises:
        ConversionError: The output folder already holds a tree.
        OSError: The output folder cannot be written.
    """
    begin = time.monotonic()
    options = {
        "command": "preprocess.sample",
        "num_train": args.num_train,
        "num_val": args.num_val,
        "image_size": list(args.image_size),
        "seed": args.seed,
    }
    tree.prepare(args.output_dir, options, args.overwrite)
    counts = {"train": args.num_train, "val": args.num_val}
    scenes = [
        Scene(split, index, args.seed)
        for split, count in counts.items()
        for index in range(count)
    ]
    work = functools.partial(write_scene, args.output_dir, args.image_size)
    command_line.map_frames(work, scenes, args.workers)
    height, width = args.image_size
    seconds = time.monotonic() - begin
    print(
        f"drew {args.num_train} train and "
        f"{counted(args.num_val, 'val scene')} of {height}x{width} in "
        f"{seconds:.1f} s: {failures.printable(args.output_dir)}"
    )


_count = command_line.whole(0, _MAX_SCENES)


def run(argv: Sequence[str] | None) -> None:
    """Parses the flags and draws."""
    parser = command_line.FlagParser(__doc__)
    parser.add_tree_flags()
    for split, count in (("train", 64), ("val", 16)):
        parser.add_argument(
            f"--num_{split}",
            type=_count,
            default=count,
            metavar="N",
            help=f"scenes of {split} (default: {count})",
        )
    parser.add_argument(
        "--image_size",
        type=command_line.frame_size,
        default=(512, 1024),
        metavar="HEIGHTxWIDTH",
        help="of every scene (default: 512x1024)",
    )
    parser.add_argument(
        "--seed",
        type=command_line.whole(0),
        default=1,
        metavar="N",
        help="of all that is drawn (default: 1)",
    )
    args = parser.parse_flags(argv)
    if args.num_train + args.num_val == 0:
        parser.error("--num_train and --num_val are both 0: nothing to draw")
    write_tree(args)
