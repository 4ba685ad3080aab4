"""Pictures of label maps: colours, overlays with a legend, strips."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from schemas.labels.colors import overlay
from schemas.labels.table import LabelSpace

_PAPER = (255, 255, 255)
_INK = (32, 32, 32)
_WRONG = (220, 30, 30)
_GAP_PX = 4


def colorize(ids: np.ndarray, space: LabelSpace) -> np.ndarray:
    """Paints (H, W) uint8 ids in their classes' colours, (H, W, 3)."""
    return space.palette[ids]


def overlay_with_legend(
    image: np.ndarray, ids: np.ndarray, space: LabelSpace
) -> np.ndarray:
    """Lays colours over a picture at half opacity, a legend below it.

    Args:
        image: (H, W, 3) uint8 in [0, 255].
        ids: (H, W) uint8.
        space: The ids' space.

    Returns:
        (H + legend, W, 3) uint8; the first H rows are the picture's own.
    """
    mixed = overlay(image, ids, space)
    return np.concatenate([mixed, draw_legend(ids, image.shape[1], space)])


def draw_legend(ids: np.ndarray, width: int, space: LabelSpace) -> np.ndarray:
    """Draws the colour and name of each id that occurs, largest first.

    Args:
        ids: (H, W) uint8; others than the space's are left out.
        width: The legend's width in pixels.
        space: The ids' space.

    Returns:
        (height, width, 3) uint8, as high as it needs to be.
    """
    histogram = Image.fromarray(ids).histogram()
    counts = np.array(histogram)[list(space.ids)]
    order = [i for i in np.argsort(-counts, kind="stable") if counts[i]]
    font = _font(width)
    swatch = round(font.size * 1.2)
    names = [space.class_names[i] for i in order]
    column = swatch * 2 + int(max(map(font.getlength, names), default=0))
    num_columns = max(1, width // column)
    row_height = swatch + _GAP_PX
    num_rows = -(-len(order) // num_columns)
    legend = Image.new("RGB", (width, num_rows * row_height + _GAP_PX), _PAPER)
    draw = ImageDraw.Draw(legend)
    for place, (index, name) in enumerate(zip(order, names, strict=True)):
        left = place % num_columns * column + _GAP_PX
        top = place // num_columns * row_height + _GAP_PX
        box = (left, top, left + swatch - 1, top + swatch - 1)
        draw.rectangle(box, fill=space.classes[index].color, outline=_INK)
        middle = (left + swatch * 1.3, top + swatch / 2)
        draw.text(middle, name, fill=_INK, font=font, anchor="lm")
    return np.asarray(legend)


def error_map(
    image: np.ndarray,
    truth_ids: np.ndarray,
    predicted_ids: np.ndarray,
    space: LabelSpace,
) -> np.ndarray:
    """Shows wrong pixels red over a pale picture, ignored ones black.

    Args:
        image: (H, W, 3) uint8 in [0, 255].
        truth_ids: (H, W) uint8.
        predicted_ids: (H, W) uint8.
        space: The ids' space.

    Returns:
        (H, W, 3) uint8.
    """
    grey = image.mean(-1, keepdims=True) // 2 + 127
    result = np.repeat(grey, 3, -1).astype(np.uint8)
    result[truth_ids != predicted_ids] = _WRONG
    evaluated = np.zeros(256, bool)
    evaluated[list(space.ids)] = space.evaluated
    result[~evaluated[truth_ids]] = 0
    return result


def strip(panels: dict[str, np.ndarray]) -> np.ndarray:
    """Sets pictures side by side, each under its caption.

    Args:
        panels: Caption → (H, W, 3) uint8, all of one size.

    Returns:
        (caption + H, widths and gaps, 3) uint8.
    """
    height, width = next(iter(panels.values())).shape[:2]
    font = _font(width)
    head = round(font.size * 1.6)
    step = width + _GAP_PX
    size = (step * len(panels) - _GAP_PX, head + height)
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    for place, (caption, panel) in enumerate(panels.items()):
        left = place * step
        middle = (left + _GAP_PX, head / 2)
        draw.text(middle, caption, fill=_INK, font=font, anchor="lm")
        sheet.paste(Image.fromarray(panel), (left, head))
    return np.asarray(sheet)


def column(panels: Sequence[np.ndarray]) -> np.ndarray:
    """Sets (H, W, 3) uint8 pictures of one width one below the other."""
    gap = ((0, _GAP_PX), (0, 0), (0, 0))
    padded = [np.pad(panel, gap, constant_values=255) for panel in panels]
    return np.concatenate(padded)[:-_GAP_PX]


def _font(width: int) -> ImageFont.FreeTypeFont:
    """Returns Pillow's own font in a size that suits a picture's width."""
    font = ImageFont.load_default(max(11, width // 60))
    return cast(ImageFont.FreeTypeFont, font)  # FreeType is in its wheels
