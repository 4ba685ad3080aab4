"""Pictures of label maps: colours, overlays with a legend, strips."""

import functools
from collections.abc import Sequence
from typing import cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from schemas.labels.colors import overlay
from schemas.labels.rows import Label
from schemas.labels.table import LabelSpace
from schemas.sizes import Size

_PAPER = (255, 255, 255)
_INK = (32, 32, 32)
_WRONG = (220, 30, 30)
_GAP_PX = 4
_SMALLEST_FONT_PX = 11


def colorize(ids: np.ndarray, space: LabelSpace) -> np.ndarray:
    """Paints (H, W) uint8 ids in their classes' colours, (H, W, 3)."""
    return space.palette[ids]


def overlay_with_legend(
    image: np.ndarray,
    ids: np.ndarray,
    space: LabelSpace,
    classes: tuple[Label, ...],
    confidence: np.ndarray | None = None,
) -> np.ndarray:
    """Lays colours over a picture at half opacity, a legend below it.

    Args:
        image: (H, W, 3) uint8 in [0, 255].
        ids: (H, W) uint8.
        space: The ids' space.
        classes: Those of the legend.
        confidence: (H, W) uint16, fades the colours; see `overlay`.

    Returns:
        (H + legend, W, 3) uint8; the first H rows are the picture's own.
    """
    mixed = overlay(image, ids, space, confidence=confidence)
    return np.concatenate([mixed, draw_legend(ids.shape, classes)])


@functools.lru_cache(maxsize=4)
def draw_legend(size: Size, classes: tuple[Label, ...]) -> np.ndarray:
    """Draws the colour and name of each class, in the order given.

    It depends on no prediction, so that pictures of one size have overlays of
    one size. It takes a quarter of the picture's height at most, unless its
    letters would become too small to be read.

    Args:
        size: (height, width) of the picture, in pixels.
        classes: The classes.

    Returns:
        (height, width, 3) uint8, to be read only.
    """
    height, width = size
    for font_px in range(_font_px(width), _SMALLEST_FONT_PX - 1, -1):
        legend = _Legend(width, classes, font_px)
        if legend.height <= height // 4:
            break
    return legend.draw()


class _Legend:
    """A table of colours and names, row by row, in letters of one size."""

    def __init__(self, width: int, classes: Sequence[Label], font_px: int):
        self._width = width
        self._colors = [row.color for row in classes]
        self._font = _font(font_px)
        self._swatch = round(font_px * 1.2)
        room = width - 2 * self._swatch
        self._names = [
            _shortened(row.name, self._font, room) for row in classes
        ]
        longest = max(map(self._font.getlength, self._names), default=0)
        self._column = 2 * self._swatch + int(longest)
        self._num_columns = max(1, width // self._column)
        num_rows = -(-len(classes) // self._num_columns)
        self.height = num_rows * (self._swatch + _GAP_PX) + _GAP_PX

    def draw(self) -> np.ndarray:
        sheet = Image.new("RGB", (self._width, self.height), _PAPER)
        draw = ImageDraw.Draw(sheet)
        swatch = self._swatch
        for place, color in enumerate(self._colors):
            row, column = divmod(place, self._num_columns)
            left = column * self._column + _GAP_PX
            top = row * (swatch + _GAP_PX) + _GAP_PX
            box = (left, top, left + swatch - 1, top + swatch - 1)
            draw.rectangle(box, fill=color, outline=_INK)
            middle = (left + swatch * 1.3, top + swatch / 2)
            name = self._names[place]
            draw.text(middle, name, fill=_INK, font=self._font, anchor="lm")
        pixels = np.array(sheet)
        pixels.setflags(write=False)
        return pixels


def _shortened(name: str, font: ImageFont.FreeTypeFont, room: int) -> str:
    """Cuts off the end of a name that is wider than `room` pixels."""
    if font.getlength(name) <= room:
        return name
    ends = range(len(name), -1, -1)
    cut = (f"{name[:end]}..." for end in ends)
    return next((text for text in cut if font.getlength(text) <= room), "")


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
    font = _font(_font_px(width))
    head = _head_px(width)
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


def cut_strip(sheet: np.ndarray, count: int) -> list[np.ndarray]:
    """Cuts a strip into its pictures again, without their captions.

    Args:
        sheet: (caption + H, widths and gaps, 3) uint8, what `strip` gave.
        count: The number of its pictures.

    Returns:
        (H, W, 3) uint8 each.

    Raises:
        ValueError: It is of another size than such a strip.
    """
    step, rest = divmod(sheet.shape[1] + _GAP_PX, count)
    width = step - _GAP_PX
    head = _head_px(width)
    if rest or width < 1 or sheet.shape[0] <= head:
        raise ValueError(
            f"a picture of {sheet.shape[0]}x{sheet.shape[1]} is no strip of "
            f"{count}"
        )
    return [
        sheet[head:, place * step : place * step + width]
        for place in range(count)
    ]


def column(panels: Sequence[np.ndarray]) -> np.ndarray:
    """Sets (H, W, 3) uint8 pictures of one width one below the other."""
    gap = ((0, _GAP_PX), (0, 0), (0, 0))
    padded = [np.pad(panel, gap, constant_values=255) for panel in panels]
    return np.concatenate(padded)[:-_GAP_PX]


def _head_px(width: int) -> int:
    """Returns the height of the captions above pictures of a width."""
    return round(_font_px(width) * 1.6)


def _font_px(width: int) -> int:
    """Returns the size of letters that suits a picture's width."""
    return max(_SMALLEST_FONT_PX, width // 60)


def _font(size_px: int) -> ImageFont.FreeTypeFont:
    """Returns Pillow's own font."""
    font = ImageFont.load_default(size_px)
    return cast(ImageFont.FreeTypeFont, font)  # FreeType is in its wheels
