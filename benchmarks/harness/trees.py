"""Lays out the picture pairs that benchmarks convert."""

import glob
import os
import shutil
import zipfile
from collections.abc import Sequence

_IMAGE_SUFFIX = "_leftImg8bit.png"
_LABEL_SUFFIX = "_gtFine_labelIds.png"
_CITY = "benchmark"
_ZIPS = {
    "leftImg8bit": "leftImg8bit_trainvaltest.zip",
    "gtFine": "gtFine_trainvaltest.zip",
}

Pair = tuple[str, str]
"""The paths of a picture and of its label map."""


def find_pairs(
    cityscapes_root: str, num_pairs: int | None = None
) -> list[Pair]:
    """Returns the first pairs of the train split, by name; or all of them.

    Raises:
        FileNotFoundError: There are no pictures, or one has no label map.
    """
    pattern = f"{cityscapes_root}/leftImg8bit/train/*/*{_IMAGE_SUFFIX}"
    images = sorted(glob.glob(pattern))[:num_pairs]
    if not images:
        raise FileNotFoundError(f"there is no {pattern}")
    pairs = [(image, _label_path(image)) for image in images]
    missing = [label for _, label in pairs if not os.path.exists(label)]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(pairs)} label maps are missing, first "
            f"{missing[0]}"
        )
    return pairs


def read_pair(image_path: str) -> tuple[str, bytes, bytes]:
    """Returns a frame's name, its picture's bytes and its label map's."""
    with open(image_path, "rb") as file:
        image = file.read()
    with open(_label_path(image_path), "rb") as file:
        label = file.read()
    name = os.path.basename(image_path).removesuffix(_IMAGE_SUFFIX)
    return name, image, label


def link_tree(
    pairs: Sequence[Pair], root: str, split: str, num_pairs: int
) -> None:
    """Lays a split of `num_pairs` distinct names out, repeating the pairs.

    The files are hard links where the file system allows it.
    """
    for kind, suffix in (
        ("leftImg8bit", _IMAGE_SUFFIX),
        ("gtFine", _LABEL_SUFFIX),
    ):
        folder = os.path.join(root, kind, split, _CITY)
        os.makedirs(folder)
        for index in range(num_pairs):
            source = pairs[index % len(pairs)][kind == "gtFine"]
            name = f"{_CITY}_{index:06d}_000019{suffix}"
            _link(source, os.path.join(folder, name))


def write_zips(root: str, zip_dir: str) -> None:
    """Packs a tree into zips of the official names."""
    os.makedirs(zip_dir)
    for kind, zip_name in _ZIPS.items():
        with zipfile.ZipFile(os.path.join(zip_dir, zip_name), "w") as archive:
            for path in sorted(glob.glob(f"{root}/{kind}/*/*/*.png")):
                archive.write(path, os.path.relpath(path, root))


def _label_path(image_path: str) -> str:
    head, _, tail = image_path.rpartition("/leftImg8bit/train/")
    stem = tail.removesuffix(_IMAGE_SUFFIX)
    return f"{head}/gtFine/train/{stem}{_LABEL_SUFFIX}"


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
