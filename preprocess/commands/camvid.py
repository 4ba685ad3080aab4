r"""Lays the CamVid set out as a Cityscapes tree.

    python -m preprocess.camvid --camvid_dir=CamVid --output_dir=DIR \
        --splits=train,val,test

CamVid is real driving footage, 480x360 with 11 classes and void in the
packaging of the SegNet tutorial: train/, trainannot/, val/, valannot/, test/
and testannot/.  It needs no login, unlike Cityscapes.  The label maps of test
are real; preprocess.main takes them with --test_labels.
"""

import argparse
import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
from PIL import Image

from preprocess import command_line
from preprocess.errors import BadPictureError, ConversionError
from preprocess.records import png
from preprocess.sources import tree
from preprocess.sources.camvid import (
    CITY,
    SPLITS,
    Frame,
    find_camvid,
    list_frames,
)
from preprocess.storage import files
from schemas import failures
from schemas.labels.cityscapes import CITYSCAPES
from schemas.pictures import ID_KINDS
from schemas.quantities import counted

CLASSES = (
    "sky",
    "building",
    "pole",
    "road",
    "sidewalk",
    "vegetation",
    "traffic sign",
    "fence",
    "car",
    "person",
    "rider",
    "unlabeled",
)
"""The Cityscapes class of each CamVid id, 0 to 11."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """How frames are written.

    Attributes:
        output_dir: The new tree's root.
        image_size: (height, width) to resize to; None keeps the size.
        noise: The standard deviation of added noise, of 255.
    """

    output_dir: str
    image_size: tuple[int, int] | None
    noise: float


def convert(layout: Layout, frame: Frame) -> None:
    """Writes one frame with labelIds.

    Raises:
        ConversionError: A file is damaged, the sizes differ or the label map
            holds an id that CamVid does not have.
    """
    path = frame.image_path
    try:
        image = png.decode_any(files.read_bytes(path), "image").convert("RGB")
        path = frame.label_path
        ids = png.check(files.read_bytes(path), ID_KINDS, "label").decode()
    except BadPictureError as error:
        raise ConversionError(
            f"{path}: {error}; unpack CamVid again"
        ) from error
    if ids.shape != (image.height, image.width):
        raise ConversionError(
            f"{path}: label is {ids.shape[0]}x{ids.shape[1]}, its image "
            f"{image.height}x{image.width}; unpack CamVid again"
        )
    if ids.max() >= len(CLASSES):
        raise ConversionError(
            f"{frame.label_path} holds id {ids.max()}, CamVid ends at "
            f"{len(CLASSES) - 1}"
        )
    label = Image.fromarray(_label_table()[ids])
    if layout.image_size is not None:
        size = layout.image_size[::-1]
        image = image.resize(size, Image.Resampling.BICUBIC)
        label = label.resize(size, Image.Resampling.NEAREST)
    if layout.noise:
        image = _noisy(image, layout.noise, frame.stem)
    tree.write_pair(layout.output_dir, frame.split, frame.stem, image, label)


def _label_table() -> np.ndarray:
    """Builds the (12,) uint8 table CamVid id → labelId."""
    label_ids = {row.name: row.label_id for row in CITYSCAPES.classes}
    return np.array([label_ids[name] for name in CLASSES], np.uint8)


def _noisy(image: Image.Image, sigma: float, stem: str) -> Image.Image:
    """Adds grey noise, the same for the same stem."""
    rng = np.random.default_rng(list(stem.encode()))
    noise = rng.normal(0, sigma, (image.height, image.width, 1))
    pixels = np.asarray(image) + noise + 0.5
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def write_tree(args: argparse.Namespace) -> None:
    """Converts all frames that the flags ask for.

    Raises:
        ConversionError: CamVid is not there or not whole, or the output
            folder already holds a tree.
        OSError: The output folder cannot be written.
    """
    frames = list_frames(find_camvid(args.camvid_dir), args.splits)
    options = {"command": "preprocess.camvid", "splits": list(args.splits)}
    tree.prepare(args.output_dir, options, args.overwrite)
    layout = Layout(args.output_dir, args.image_size, args.noise)
    command_line.map_frames(
        functools.partial(convert, layout), frames, args.workers
    )
    root = failures.printable(args.output_dir)
    print(f"wrote {counted(len(frames), 'pair')} of {CITY}: {root}")


def _splits(text: str) -> tuple[str, ...]:
    names = text.split(",")
    if not set(names) <= set(SPLITS) or len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(
            f"{text!r} should name some of {','.join(SPLITS)}, each once"
        )
    return tuple(names)


def _sigma(text: str) -> float:
    try:
        sigma = float(text)
    except ValueError:
        sigma = -1.0
    if not 0 <= sigma <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} should be 0 to 100")
    return sigma


def run(argv: Sequence[str] | None) -> None:
    """Parses the flags and converts."""
    parser = command_line.FlagParser(__doc__)
    parser.add_argument(
        "--camvid_dir",
        type=command_line.folder,
        required=True,
        help="holds train/",
    )
    parser.add_tree_flags()
    parser.add_argument(
        "--splits",
        type=_splits,
        default=("train", "val"),
        help="of train,val,test (default: train,val)",
    )
    parser.add_argument(
        "--image_size",
        type=command_line.frame_size,
        metavar="HEIGHTxWIDTH",
        help="resize to this (default: 360x480 as they are)",
    )
    parser.add_argument(
        "--noise",
        type=_sigma,
        default=0.0,
        metavar="SIGMA",
        help="add grey noise of this standard deviation, of 255 (default: 0)",
    )
    args = parser.parse_flags(argv)
    write_tree(args)
