"""Blends the windows of one picture, in memory of one row of windows.

Windows come row by row.  The pixel rows above the next row of windows have
got all that they will get: they are finished and their sums let go.
"""

from collections.abc import Callable

import numpy as np

from trainer.inference.windows import Grid


class Bands:
    """The sums of one picture's weighted windows."""

    def __init__(
        self,
        grid: Grid,
        num_classes: int,
        take: Callable[[np.ndarray], None],
    ):
        """Starts with nothing.

        Args:
            grid: The picture's windows.
            num_classes: The channels of each.
            take: Is given the picture's rows from the top, (n, width,
                num_classes) float32 blended probabilities; they are written
                over afterwards.
        """
        self._grid = grid
        self._num_classes = num_classes
        self._take = take
        self._sums = np.zeros((0, 0, 0), np.float32)
        self._row = 0

    def add(self, position: tuple[int, int], values: np.ndarray) -> None:
        """Adds a window; they come in the order of `Grid.positions`.

        Args:
            position: The window's (row, column) in the grid.
            values: window + (num_classes,) float32, times the window's
                weights.
        """
        row, column = position
        rows, columns = self._grid.axes
        if not self._sums.size:
            shape = (self._grid.window[0], self._grid.canvas[1])
            self._sums = np.zeros((*shape, self._num_classes), np.float32)
        if row > self._row:
            self._advance(rows.starts[row] - rows.starts[self._row])
            self._row = row
        left = columns.starts[column]
        self._sums[:, left : left + values.shape[1]] += values

    def close(self) -> None:
        """Finishes the rows that are left."""
        self._keep(self._grid.window[0])
        self._sums = np.zeros((0, 0, 0), np.float32)

    def _advance(self, num_rows: int) -> None:
        """Finishes the upper rows of the sums and moves the others up."""
        self._keep(num_rows)
        kept = len(self._sums) - num_rows
        self._sums[:kept] = self._sums[num_rows:]
        self._sums[kept:] = 0

    def _keep(self, num_rows: int) -> None:
        """Finishes those of the upper rows that are the picture's own."""
        top = self._grid.axes[0].starts[self._row]
        (above, left), (height, width) = self._grid.margin, self._grid.size
        first = max(0, above - top)
        last = min(num_rows, above + height - top)
        if first < last:
            own = self._sums[first:last, left : left + width]
            self._take(own)
