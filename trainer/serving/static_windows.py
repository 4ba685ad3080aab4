"""Sliding windows over pictures of one size, as Keras's own layers.

The windows of a grid are known when the network is built: they are written
out, a batch of neighbours after the other.  The values of each batch are cut
where windows begin or end; between two such places the same windows lie over
every pixel, and what they say is added up.
"""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from trainer.inference.windows import Axis, Grid

BATCH_WINDOWS = 16
"""The most windows that the network sees at once."""


def blend_windows(
    canvas: Any,
    grid: Grid,
    network: Callable[[Any], Any],
    finish: Callable[[Any], Any],
) -> Any:
    """Shows a network every window and blends what it says.

    Args:
        canvas: (B, *grid.canvas, 3) float32, symbolic: the padded pictures.
        grid: Their windows.
        network: (N, h, w, 3) float32 → (N, h, w, C) float32 probabilities.
        finish: (B, rows, width, C) float32 → what is kept of them, with the
            same first three axes.

    Returns:
        What was kept, (B, *grid.size, ...).
    """
    rows, columns = grid.axes
    bands, before = [], None
    for top, weights in zip(rows.starts, rows.weights, strict=True):
        height = grid.window[0]
        strip = canvas[:, top : top + height]
        band = _blend_row(strip, columns, grid.window[1], network, before)
        band = layers.Rescaling(weights[:, None, None].tolist())(band)
        bands.append(band)
        before = band
    above, left = grid.margin
    parts = [
        finish(part[:, :, left : left + grid.size[1]])
        for part in _sums(
            bands, rows.starts, axis=1, first=above, length=grid.size[0]
        )
    ]
    return _join(parts, 1)


def _blend_row(
    strip: Any,
    columns: Axis,
    width: int,
    network: Callable[[Any], Any],
    before: Any,
) -> Any:
    """Blends a row of windows, (B, h, canvas width, 3), along the width."""
    values = []
    for first in range(0, len(columns.starts), BATCH_WINDOWS):
        starts = columns.starts[first : first + BATCH_WINDOWS]
        windows = [strip[:, :, left : left + width] for left in starts]
        batch = _join(windows, 0)
        if before is not None:
            # Adds 0, which only the result of the batch before can tell: a
            # graph would otherwise run all batches side by side and hold
            # the memory of all.
            batch = batch + ops.minimum(before[:1, :1, :1, :1], 0.0)
        before = network(batch)
        shape = (len(starts), -1, *before.shape[1:])
        weights = columns.weights[first : first + BATCH_WINDOWS]
        weighted = layers.Rescaling(weights[:, None, None, :, None].tolist())(
            ops.reshape(before, shape)
        )
        values += [weighted[index] for index in range(len(starts))]
    length = columns.starts[-1] + width
    return _join(list(_sums(values, columns.starts, 2, 0, length)), 2)


def _sums(
    values: list, starts: list[int], axis: int, first: int, length: int
) -> Iterator[Any]:
    """Adds up what lies over each other along an axis.

    Args:
        values: One tensor a window, weighted.
        starts: Where each begins.
        axis: 1 for the height, 2 for the width.
        first: The first pixel that is wanted.
        length: The number of pixels that are wanted.

    Yields:
        The sums, piece by piece, in order.
    """
    window = values[0].shape[axis]
    ends = [start + window for start in starts]
    inside = [p for p in (*starts, *ends) if first < p < first + length]
    cuts = np.unique([first, *inside, first + length]).tolist()
    for begin, end in zip(cuts, cuts[1:], strict=False):
        pieces = []
        for value, start in zip(values, starts, strict=True):
            if start <= begin and end <= start + window:
                span = slice(begin - start, end - start)
                pieces.append(value[(slice(None),) * axis + (span,)])
        yield pieces[0] if len(pieces) == 1 else layers.Add()(pieces)


def _join(tensors: list, axis: int) -> Any:
    if len(tensors) == 1:
        return tensors[0]
    return keras.layers.Concatenate(axis)(tensors)
