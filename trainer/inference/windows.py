"""Cuts a picture of any size into overlapping windows and blends them back.

The windows of one picture form a grid.  Along each axis their weights add up
to one at every pixel, so that weighted predictions only need to be summed.
"""

import dataclasses
import functools
import math
from typing import NamedTuple

import numpy as np

from schemas.sizes import Size
from trainer.config.inference import InferenceConfig


def window_starts(
    length: int, window: int, stride: float, factor: int
) -> list[int]:
    """Spreads windows evenly over one axis.

    All start at multiples of the network's factor: its strides then fall on
    the same pixels in each window, and neighbours agree where they overlap.

    Args:
        length: The axis's length in pixels, a multiple of `factor`.
        window: The window's length in pixels, one too, at most `length`.
        stride: The largest distance of neighbours, as a share of `window`.
        factor: What the network's pictures have to divide by.

    Returns:
        The first pixel of each window; the last one ends at `length`.
    """
    room = (length - window) // factor
    step = max(1, int(window * stride) // factor)
    count = math.ceil(room / step) + 1
    return [factor * round(x) for x in np.linspace(0, room, count)]


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


def padded(size: Size, factor: int) -> Size:
    """Rounds (height, width) up to multiples of a network's factor."""
    height, width = (length + -length % factor for length in size)
    return height, width


def choose_grid(size: Size, config: InferenceConfig, factor: int) -> "Grid":
    """Decides between one whole window and sliding ones for a size."""
    few = math.prod(size) <= 2 * math.prod(config.crop)
    if config.inference == "whole" or (config.inference == "auto" and few):
        return Grid(size, padded(size, factor), 1.0, factor)
    return Grid(size, config.crop, config.stride, factor)


class Axis(NamedTuple):
    """The windows along one side of a picture.

    Attributes:
        starts: The first pixel of each.
        weights: (len(starts), window) float32; see `blend_weights`.
    """

    starts: list[int]
    weights: np.ndarray


@dataclasses.dataclass(frozen=True)
class Grid:
    """The windows over one picture.

    Attributes:
        size: The picture's (height, width).
        window: Each window's (height, width), multiples of `factor`.
        stride: The largest distance of neighbours, as a share of `window`.
        factor: What the network's pictures have to divide by.
    """

    size: Size
    window: Size
    stride: float
    factor: int

    @functools.cached_property
    def canvas(self) -> Size:
        """The size of the picture padded to hold a window each way."""
        height, width = padded(self.size, self.factor)
        return max(height, self.window[0]), max(width, self.window[1])

    @property
    def margin(self) -> tuple[int, int]:
        """The padding above and left of the picture, in pixels."""
        return (
            (self.canvas[0] - self.size[0]) // 2,
            (self.canvas[1] - self.size[1]) // 2,
        )

    @functools.cached_property
    def axes(self) -> tuple[Axis, Axis]:
        """The windows along the height and the width."""
        rows, columns = (
            self._axis(length, window)
            for length, window in zip(self.canvas, self.window, strict=True)
        )
        return rows, columns

    @functools.cached_property
    def positions(self) -> tuple[tuple[int, int], ...]:
        """Each window's (row, column) in the grid."""
        rows, columns = self.axes
        return tuple(np.ndindex(len(rows.starts), len(columns.starts)))

    def cut(self, image: np.ndarray) -> list[np.ndarray]:
        """Cuts (H, W, 3) uint8 into windows, mirroring what sticks out."""
        (top, left), (height, width) = self.margin, self.size
        pads = (
            (top, self.canvas[0] - height - top),
            (left, self.canvas[1] - width - left),
        )
        image = np.pad(image, (*pads, (0, 0)), "symmetric")
        return [image[self._span(position)] for position in self.positions]

    def weights(self, position: tuple[int, int]) -> np.ndarray:
        """Returns what a window's pixels weigh, window float32 in (0, 1]."""
        rows, columns = self.axes
        return np.multiply.outer(
            rows.weights[position[0]], columns.weights[position[1]]
        )

    def _axis(self, length: int, window: int) -> Axis:
        starts = window_starts(length, window, self.stride, self.factor)
        return Axis(starts, blend_weights(length, starts, window))

    def _span(self, position: tuple[int, int]) -> tuple[slice, slice]:
        rows, columns = self.axes
        top, left = rows.starts[position[0]], columns.starts[position[1]]
        return (
            slice(top, top + self.window[0]),
            slice(left, left + self.window[1]),
        )
