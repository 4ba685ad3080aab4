"""Cuts a picture of any size into overlapping windows and blends them back.

The windows of one picture form a grid.  Along each axis their weights add up
to one at every pixel, so that weighted predictions only need to be summed.
"""

import dataclasses
import functools
import math

import numpy as np

from schemas.sizes import Size
from trainer.config.sizes import SIZE_FACTOR, padded


def window_starts(length: int, window: int, stride: float) -> list[int]:
    """Spreads windows evenly over one axis.

    All start at multiples of 16: the network's pooling then falls on the
    same pixels in each window, and neighbours agree where they overlap.

    Args:
        length: The axis's length in pixels, a multiple of 16.
        window: The window's length in pixels, one too, at most `length`.
        stride: The largest distance of neighbours, as a share of `window`.

    Returns:
        The first pixel of each window; the last one ends at `length`.
    """
    room = (length - window) // SIZE_FACTOR
    step = max(1, int(window * stride) // SIZE_FACTOR)
    count = math.ceil(room / step) + 1
    return [SIZE_FACTOR * round(x) for x in np.linspace(0, room, count)]


def blend_weights(length: int, starts: list[int], window: int) -> np.ndarray:
    """Weighs each window's pixels: least at its ends, where it sees least.

    Returns:
        (len(starts), window) float32 in (0, 1]; at each of the `length`
        pixels the weights of the windows over it add up to 1.
    """
    bell = np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2
    total = np.zeros(length)
    for start in starts:
        total[start : start + window] += bell
    weights = [bell / total[start : start + window] for start in starts]
    return np.stack(weights).astype(np.float32)


def whole_grid(size: Size) -> "Grid":
    """Lays one window over a picture, padded as the network needs."""
    return Grid(size, padded(size), stride=1.0)


@dataclasses.dataclass(frozen=True)
class Grid:
    """The windows over one picture.

    Attributes:
        size: The picture's (height, width).
        window: Each window's (height, width), multiples of 16.
        stride: The largest distance of neighbours, as a share of `window`.
    """

    size: Size
    window: Size
    stride: float

    @functools.cached_property
    def canvas(self) -> Size:
        """The size of the picture padded to hold a window each way."""
        height, width = padded(self.size)
        return max(height, self.window[0]), max(width, self.window[1])

    @functools.cached_property
    def _axes(self) -> tuple:
        """Each axis's starts and weights."""
        axes = []
        for length, window in zip(self.canvas, self.window, strict=True):
            starts = window_starts(length, window, self.stride)
            axes.append((starts, blend_weights(length, starts, window)))
        return tuple(axes)

    @functools.cached_property
    def positions(self) -> tuple[tuple[int, int], ...]:
        """Each window's (row, column) in the grid."""
        (rows, _), (columns, _) = self._axes
        return tuple(np.ndindex(len(rows), len(columns)))

    def cut(self, image: np.ndarray) -> list[np.ndarray]:
        """Cuts (H, W, 3) uint8 into windows, mirroring what sticks out."""
        (top, left), (height, width) = self._margin, self.size
        pads = (
            (top, self.canvas[0] - height - top),
            (left, self.canvas[1] - width - left),
        )
        image = np.pad(image, (*pads, (0, 0)), "symmetric")
        return [image[self._span(position)] for position in self.positions]

    def weights(self, position: tuple[int, int]) -> np.ndarray:
        """Returns what a window's pixels weigh, window float32 in (0, 1]."""
        (_, row_weights), (_, column_weights) = self._axes
        return np.multiply.outer(
            row_weights[position[0]], column_weights[position[1]]
        )

    def add(
        self, sums: np.ndarray, position: tuple[int, int], values: np.ndarray
    ) -> None:
        """Adds one window's weighted values to the sums of a canvas.

        Args:
            sums: canvas + (C,) float32, changed in place.
            position: The window's (row, column) in the grid.
            values: window + (C,) float32, times the window's weights.
        """
        sums[self._span(position)] += values

    def crop(self, sums: np.ndarray) -> np.ndarray:
        """Takes the picture's part, size + (C,), out of a canvas."""
        top, left = self._margin
        return sums[top : top + self.size[0], left : left + self.size[1]]

    @property
    def _margin(self) -> tuple[int, int]:
        """The padding above and left of the picture, in pixels."""
        return (
            (self.canvas[0] - self.size[0]) // 2,
            (self.canvas[1] - self.size[1]) // 2,
        )

    def _span(self, position: tuple[int, int]) -> tuple[slice, slice]:
        (rows, _), (columns, _) = self._axes
        top, left = rows[position[0]], columns[position[1]]
        return (
            slice(top, top + self.window[0]),
            slice(left, left + self.window[1]),
        )
