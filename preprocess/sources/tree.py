"""Writes a Cityscapes tree; never over one that somebody else made."""

import json
import os
import shutil
from typing import Any

from PIL import Image

from preprocess.errors import ConversionError
from preprocess.storage import files

MARKER = "made_by.json"
"""The file at a written tree's root that says which command made it."""

_KINDS = ("leftImg8bit", "gtFine")
_COMPRESS_LEVEL = 2


def prepare(root: str, options: dict[str, Any], overwrite: bool) -> None:
    """Makes a folder ready for a new Cityscapes tree.

    Args:
        root: The tree's root.
        options: What goes into the marker beside the tree.
        overwrite: Whether to delete a tree that bears a marker.

    Raises:
        ConversionError: There is a tree that may not be replaced.
    """
    marker_path = os.path.join(root, MARKER)
    kinds = [os.path.join(root, kind) for kind in _KINDS]
    full = [path for path in kinds if os.path.isdir(path) and os.listdir(path)]
    if full and not os.path.exists(marker_path):
        raise ConversionError(
            f"{full[0]} holds files that no such command made; "
            "choose another --output_dir"
        )
    if full and not overwrite:
        raise ConversionError(
            f"{full[0]} is not empty; add --overwrite to replace it, or "
            "choose another --output_dir"
        )
    for path in full:
        shutil.rmtree(path)
    os.makedirs(root, exist_ok=True)
    files.write_text(marker_path, json.dumps(options) + "\n", root)


def write_pair(
    root: str, split: str, stem: str, image: Image.Image, label: Image.Image
) -> None:
    """Writes a picture and its label map under their Cityscapes names.

    Args:
        root: The tree's root.
        split: The split's folder.
        stem: `<city>_<seq>_<frame>`.
        image: 8-bit RGB.
        label: 8-bit grey, labelIds.
    """
    city = stem.rsplit("_", 2)[0]
    suffixes = ("leftImg8bit", "gtFine_labelIds")
    for kind, suffix, picture in zip(
        _KINDS, suffixes, (image, label), strict=True
    ):
        folder = os.path.join(root, kind, split, city)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"{stem}_{suffix}.png")
        picture.save(path, compress_level=_COMPRESS_LEVEL)
