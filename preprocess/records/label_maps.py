"""A label map's PNG, of any kind that tells classes → what a record stores."""

from collections.abc import Collection, Sequence

import numpy as np
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.options import Encoding
from preprocess.records import png
from schemas.labels import colors
from schemas.labels.rows import IGNORE_ID
from schemas.labels.table import LabelSpace, LabelTable
from schemas.pictures import LABEL_KINDS, PICTURE_KINDS
from schemas.quantities import counted

_REMEDY = (
    "; give the table of its classes by --labels, or --ignore_id={id} where "
    "this id alone means no class"
)


def store(label: png.Png, encoding: Encoding) -> tuple[bytes, np.ndarray]:
    """Brings a label map to the ids and the size that records have.

    Where its grey values are these already, it passes through byte for byte.

    Args:
        label: A PNG of one of `LABEL_FILE_KINDS`.
        encoding: How frames are stored.

    Returns:
        The stored PNG's bytes, and (num_classes,) int64 pixels of each class.

    Raises:
        BadPictureError: It cannot be decoded, or holds an id or a color that
            is no class's.
    """
    table, space = encoding.labels, encoding.space
    ids = read_ids(label, table)
    counts = png.histogram(ids)
    known = {*table.label_ids.ids, table.ignore_id}
    _check_ids(counts, known, table.label_ids, _REMEDY)
    there = np.flatnonzero(counts)
    is_mapped = not np.array_equal(space.stored[there], there)
    if encoding.size:
        picture = Image.fromarray(ids)
        ids = np.asarray(
            picture.resize(encoding.size[::-1], Image.Resampling.NEAREST)
        )
    if is_mapped:
        ids = space.stored[ids]
    content = label.data
    if is_mapped or encoding.size or label.header.kind not in LABEL_KINDS:
        counts = png.histogram(ids)
        content = png.encode(ids, encoding.png_level)
    return content, np.array(counts[: space.num_classes], np.int64)


def decode_stored(
    label: png.Png, space: LabelSpace
) -> tuple[np.ndarray, list[int]]:
    """Decodes a record's label map and counts its ids.

    Args:
        label: A PNG of one of `LABEL_KINDS`.
        space: The ids that records hold.

    Returns:
        The (H, W) uint8 map and its 256 counts.

    Raises:
        BadPictureError: It cannot be decoded or holds a wrong id.
    """
    ids = label.decode()
    counts = png.histogram(ids)
    known = {*range(space.num_classes), *[IGNORE_ID] * space.has_ignored}
    _check_ids(counts, known, space)
    return ids, counts


def read_ids(label: png.Png, table: LabelTable) -> np.ndarray:
    """Decodes grey values, palette indices or colours: (H, W) uint8 ids.

    Raises:
        BadPictureError: It cannot be decoded, or a color is no class's.
    """
    pixels = label.decode()
    if label.header.kind in PICTURE_KINDS:
        try:
            return colors.ids_of_colors(pixels, table)
        except ValueError as error:
            raise BadPictureError(
                f"label is painted, and {error}; give the table of its classes "
                "by --labels"
            ) from error
    if pixels.dtype != np.uint8:
        highest = int(pixels.max())
        if highest > IGNORE_ID:
            raise BadPictureError(
                f"label holds the id {highest}, ids are at most {IGNORE_ID}"
            )
    return pixels.astype(np.uint8, copy=False)


def _check_ids(
    counts: Sequence[int],
    known: Collection[int | None],
    space: LabelSpace,
    remedy: str = "",
) -> None:
    """Raises BadPictureError where an id occurs that is not known."""
    wrong = [i for i, count in enumerate(counts) if count and i not in known]
    if wrong:
        raise BadPictureError(
            f"label holds id {wrong[0]} in "
            f"{counted(counts[wrong[0]], 'pixel')}, "
            f"{space.name} are {space.extent}{remedy.format(id=wrong[0])}"
        )
