"""Classes as colours: laid over pictures, and read off painted label maps."""

import functools

import numpy as np

from schemas.labels.table import LabelSpace, LabelTable

SURE = 65535
"""The level that a probability of 1 has, 0 that of none."""

_NO_CLASS = 255
_STRIP_PIXELS = 1 << 14
"""Blended at a time: of all at once, the numbers would take 18 pictures."""


def overlay(
    image: np.ndarray,
    ids: np.ndarray,
    space: LabelSpace,
    opacity: float = 0.5,
    confidence: np.ndarray | None = None,
) -> np.ndarray:
    """Lays the colours of a label map over its picture.

    Args:
        image: (H, W, 3) uint8 in [0, 255].
        ids: (H, W) uint8 ids of `space`; other ids leave the picture as is.
        space: The id space of `ids`.
        opacity: The colours' share, in [0, 1].
        confidence: (H, W) uint16, how sure the ids are; `SURE` stands for 1.
            Multiplies the opacity; None where all are.

    Returns:
        (H, W, 3) uint8 in [0, 255].
    """
    known = np.zeros(256, bool)
    known[list(space.ids)] = True
    mixed = image.copy()
    num_rows = max(1, _STRIP_PIXELS // image.shape[1])
    for top in range(0, len(image), num_rows):
        strip = np.s_[top : top + num_rows]
        below, above = image[strip], space.palette[ids[strip]]
        share: float | np.ndarray = opacity
        if confidence is not None:
            share = opacity * (confidence[strip] / SURE)[..., None]
        blend = np.rint(below * (1 - share) + above * share)
        is_known = known[ids[strip]][..., None]
        mixed[strip] = np.where(is_known, blend, below)
    return mixed


def ids_of_colors(pixels: np.ndarray, table: LabelTable) -> np.ndarray:
    """Reads a label map that is painted in the classes' colours.

    Args:
        pixels: (H, W, 3) uint8.
        table: The classes, no two of one colour.

    Returns:
        (H, W) uint8 label ids.

    Raises:
        ValueError: A pixel has no class's colour; names the first one.
    """
    packed = np.zeros(pixels.shape[:2], np.uint32)
    for channel in range(3):
        packed <<= 8
        packed |= pixels[..., channel]
    ids = _ids_by_color(table)[packed]
    if ids.max() == _NO_CLASS:
        y, x = np.unravel_index(np.argmax(ids == _NO_CLASS), ids.shape)
        color = tuple(pixels[y, x].tolist())
        raise ValueError(
            f"the color {color} of the pixel at x={x}, y={y} is no class's"
        )
    return ids


@functools.lru_cache(maxsize=1)
def _ids_by_color(table: LabelTable) -> np.ndarray:
    """Builds (2**24,) uint8: packed colour → label id, else `_NO_CLASS`.

    Raises:
        ValueError: Two classes have one colour.
    """
    ids = np.full(1 << 24, _NO_CLASS, np.uint8)
    names: dict[tuple[int, int, int], str] = {}
    for row in table.classes:
        other = names.setdefault(row.color, row.name)
        if other != row.name:
            raise ValueError(
                f"the color {row.color} is that of {other!r} and of "
                f"{row.name!r}, so colors do not tell the classes apart"
            )
        red, green, blue = row.color
        ids[red << 16 | green << 8 | blue] = row.label_id
    return ids


def distinct_color(index: int) -> tuple[int, int, int]:
    """Returns the colour of an id by the PASCAL VOC development kit's rule.

    The bits of the number are dealt to red, green and blue in turn, the
    lowest three to the highest bit of each.
    """
    channels = [0, 0, 0]
    for bit in range(24):
        place = 7 - bit // 3
        channels[bit % 3] |= (index >> bit & 1) << place
    red, green, blue = channels
    return red, green, blue
