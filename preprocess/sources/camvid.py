"""The frames of an unpacked CamVid set, paired by name."""

import dataclasses
import os
import re

from preprocess.errors import ConversionError
from schemas.layouts import filenames
from schemas.quantities import counted, noun

CITY = "cambridge"
SPLITS = ("train", "val", "test")

_NAME = re.compile(r"\D*(\d+)\w*_\D*(\d+)\.png", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Frame:
    """One picture of CamVid.

    Attributes:
        split: One of `SPLITS`.
        image_path: The RGB picture.
        label_path: The map of CamVid ids.
        stem: Its name in the Cityscapes tree.
    """

    split: str
    image_path: str
    label_path: str
    stem: str


def find_camvid(folder: str) -> str:
    """Returns the folder that holds train/: the given one or CamVid/ in it.

    Raises:
        ConversionError: Neither does.
    """
    for root in (folder, os.path.join(folder, "CamVid")):
        if os.path.isdir(os.path.join(root, "train")):
            return root
    raise ConversionError(
        f"{folder} should hold train/ and trainannot/, or CamVid/ with them; "
        "get the SegNet tutorial's packaging of CamVid"
    )


def list_frames(root: str, splits: tuple[str, ...]) -> list[Frame]:
    """Pairs pictures and label maps by name, in order.

    Raises:
        ConversionError: A split has no folder or no pictures, a picture has
            no label map or no CamVid name, or two share a stem.
    """
    frames = []
    for split in splits:
        folder = os.path.join(root, split)
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        pictures = [name for name in names if filenames.is_any_picture(name)]
        if not pictures:
            raise ConversionError(f"{folder} has no PNGs; leave out {split}")
        annotations = os.path.join(root, f"{split}annot")
        frames += [
            Frame(
                split,
                os.path.join(folder, name),
                os.path.join(annotations, name),
                _stem(os.path.join(folder, name)),
            )
            for name in pictures
        ]
    missing = [f.label_path for f in frames if not os.path.exists(f.label_path)]
    if missing:
        raise ConversionError(
            f"{len(missing)} of {counted(len(frames), 'picture')} "
            f"{noun(len(missing), 'has', 'have')} no label map, first "
            f"{missing[0]}; unpack CamVid again"
        )
    by_stem: dict[tuple[str, str], Frame] = {}
    for frame in frames:
        other = by_stem.setdefault((frame.split, frame.stem), frame)
        if other is not frame:
            raise ConversionError(
                f"{other.image_path} and {frame.image_path} would both be "
                f"{frame.stem}; remove one"
            )
    return frames


def _stem(path: str) -> str:
    """Returns e.g. cambridge_000016_007959 for 0016E5_07959.png."""
    found = _NAME.fullmatch(os.path.basename(path))
    if not found:
        raise ConversionError(
            f"{path} should be named like 0016E5_07959.png; rename it, or move "
            "it away"
        )
    return f"{CITY}_{int(found[1]):06d}_{int(found[2]):06d}"
