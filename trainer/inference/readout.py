"""Reads ids and confidences off probabilities, strip by strip.

Those of a whole picture at its own size never exist at once: they come from
the top, and what is not kept of them is let go.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from schemas.labels.colors import SURE
from schemas.sizes import Size

STRIP_BYTES = 64 << 20
"""The most that one strip of full-size probabilities takes."""


class Prediction(NamedTuple):
    """What a network says of a picture.

    Attributes:
        label_ids: (H, W) uint8, the most probable of each pixel.
        confidence: (H, W) uint16, its probability; `SURE` stands for 1. None
            where nobody asked for it.
    """

    label_ids: np.ndarray
    confidence: np.ndarray | None = None


class Readout:
    """What is kept of one picture's probabilities."""

    def __init__(
        self,
        num_summed: int = 1,
        with_confidence: bool = False,
        sink: Callable[[np.ndarray], None] | None = None,
    ):
        """Starts with nothing.

        Args:
            num_summed: How many probabilities each value is the sum of.
            with_confidence: Whether to keep the winners' probabilities.
            sink: Takes (n, width, C) float32 probabilities, the picture's
                rows from the top; they are gone afterwards.
        """
        self._num_summed = num_summed
        self._with_confidence = with_confidence
        self._sink = sink
        self._places: list[np.ndarray] = []
        self._confidence: list[np.ndarray] = []

    def add(self, sums: Any, size: Size | None = None) -> None:
        """Reads the next rows, or the whole of a picture of another size.

        Args:
            sums: (h, w, C) float32.
            size: The (height, width) that they are resized to; None for
                their own.
        """
        for strip in _strips(sums, size or sums.shape[:2]):
            places, highest = _winners(strip, self._with_confidence)
            self._places.append(places.astype(np.uint8))
            if highest is not None:
                self._confidence.append(self._levels(highest))
            if self._sink:
                self._sink(ops.convert_to_numpy(strip) / self._num_summed)

    def _levels(self, highest: np.ndarray) -> np.ndarray:
        levels = np.rint(highest * (SURE / self._num_summed))
        return levels.clip(0, SURE).astype(np.uint16)

    def take_places(self) -> np.ndarray:
        """Hands over the largest's place in 0..C-1, (H, W) uint8."""
        places, self._places = self._places, []
        return joined(places)

    def take_confidence(self) -> np.ndarray:
        """Hands over the largest, (H, W) uint16; `SURE` stands for 1."""
        confidence, self._confidence = self._confidence, []
        return joined(confidence)


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """Sets arrays below each other, without a copy of a single one."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def resized(values: Any, size: Size) -> Any:
    """Resizes (h, w, C) float32 bilinearly between pixel centres."""
    if tuple(values.shape[:2]) == size:
        return values
    return ops.image.resize(values, size, "bilinear", antialias=False)


def _winners(
    strip: Any, with_values: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Finds the largest of (n, width, C) float32.

    Returns:
        (n, width), its place; and (n, width) float32, itself, or None.
    """
    if isinstance(strip, np.ndarray):  # A GPU would have to be given it first.
        places = strip.argmax(-1)
        if not with_values:
            return places, None
        return places, np.take_along_axis(strip, places[..., None], -1)[..., 0]
    places = ops.convert_to_numpy(ops.argmax(strip, -1))
    if not with_values:
        return places, None
    return places, ops.convert_to_numpy(ops.max(strip, -1))


def _strips(values: Any, size: Size) -> Iterator[Any]:
    """Resizes (h, w, C) float32: heights first and then, in strips, widths."""
    tall = resized(values, (size[0], values.shape[1]))
    row_bytes = size[1] * values.shape[2] * 4
    rows = max(1, STRIP_BYTES // row_bytes)
    for top in range(0, size[0], rows):
        strip = tall[top : top + rows]
        yield resized(strip, (strip.shape[0], size[1]))
