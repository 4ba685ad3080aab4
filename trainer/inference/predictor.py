"""Applies a trained network to pictures of any size, in bounded memory.

Pictures become windows, windows become batches, probabilities are blended
back and brought to the picture's own size, where each pixel takes its most
probable id.
"""

import dataclasses
import math
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

import keras
import numpy as np
from keras import ops
from PIL import Image

from schemas.sizes import Size
from trainer.config.inference import InferenceConfig
from trainer.inference.window_network import WindowNetwork, default_batch_size
from trainer.inference.windows import Grid, whole_grid
from trainer.models.saved import label_space_of

STRIP_BYTES = 64 << 20
"""The most that one strip of full-size probabilities takes."""


class HasImage(Protocol):
    """Anything that carries a picture, (H, W, 3) uint8 in [0, 255]."""

    @property
    def image(self) -> np.ndarray:
        """The picture."""


_Picture = TypeVar("_Picture", bound=HasImage)


@dataclasses.dataclass(frozen=True, eq=False)
class _View:
    """One picture at one scale, and what is known of it so far.

    Attributes:
        grid: Its windows.
        windows: The windows' pixels, (h, w, 3) uint8 each.
        sums: canvas + (C,) float32, weighted probabilities.
    """

    grid: Grid
    windows: list[np.ndarray]
    sums: np.ndarray


class Predictor:
    """A network ready for pictures of any size."""

    def __init__(self, model: keras.Model, config: InferenceConfig):
        """Wraps the network.

        Args:
            model: Takes (B, H, W, 3) in [-1, 1]; gives logits or
                probabilities of 34 labelIds or 19 trainIds.
            config: How to apply it.

        Raises:
            ValueError: It is no such network.
        """
        self.space = label_space_of(model)
        self._config = config
        batch_size = config.batch_size or default_batch_size()
        self._batch_pixels = batch_size * math.prod(config.crop)
        self._network = WindowNetwork(model)

    def predict(
        self, pictures: Iterable[_Picture]
    ) -> Iterator[tuple[_Picture, np.ndarray]]:
        """Yields each picture, in order, with its (H, W) uint8 labelIds.

        Small pictures share batches; a large one fills its own, so that no
        other large one's sums are held beside it.
        """
        waiting, num_pixels = [], 0
        for picture in pictures:
            views = self._views(picture.image)
            waiting.append((picture, views))
            num_pixels += sum(math.prod(view.grid.canvas) for view in views)
            if num_pixels >= self._batch_pixels:
                yield from self._finish(waiting)
                waiting, num_pixels = [], 0
        yield from self._finish(waiting)

    def _views(self, image: np.ndarray) -> list[_View]:
        config = self._config
        base = config.resize or image.shape[:2]
        views = []
        for scale in config.scales:
            size = tuple(max(1, round(side * scale)) for side in base)
            grid = choose_grid(size, config)
            views.append(
                _View(
                    grid=grid,
                    windows=grid.cut(resize_picture(image, size)),
                    sums=np.zeros(
                        (*grid.canvas, self.space.num_classes), np.float32
                    ),
                )
            )
        return views

    def _finish(
        self, waiting: list[tuple[_Picture, list[_View]]]
    ) -> Iterator[tuple[_Picture, np.ndarray]]:
        by_shape: dict[Size, list[tuple[_View, Size, np.ndarray]]] = {}
        for _, views in waiting:
            for view in views:
                by_shape.setdefault(view.grid.window, []).extend(
                    (view, *placed)
                    for placed in zip(
                        view.grid.positions, view.windows, strict=True
                    )
                )
        for window, jobs in by_shape.items():
            count = max(1, self._batch_pixels // math.prod(window))
            for start in range(0, len(jobs), count):
                self._run(jobs[start : start + count])
        for picture, views in waiting:
            yield picture, self._label_ids(views, picture.image.shape[:2])

    def _run(self, jobs: list[tuple]) -> None:
        """Adds the probabilities of one batch of windows to their sums."""
        batch = np.stack([window for _, _, window in jobs])
        weights = np.stack(
            [view.grid.weights(position) for view, position, _ in jobs]
        )
        values = self._network(batch, weights)
        if self._config.flip_average:
            flip = np.s_[:, :, ::-1]
            values = values + self._network(batch[flip], weights[flip])[flip]
        for (view, position, _), value in zip(jobs, values, strict=True):
            view.grid.add(view.sums, position, value)

    def _label_ids(self, views: list[_View], size: Size) -> np.ndarray:
        sums = views[0].grid.crop(views[0].sums)
        for view in views[1:]:
            other = view.grid.crop(view.sums)
            sums = sums + _resized(other, sums.shape[:2])
        return self.space.to_label_ids[most_probable(sums, size)]


def choose_grid(size: Size, config: InferenceConfig) -> Grid:
    """Decides between one whole window and sliding ones for a size."""
    area = size[0] * size[1]
    few = area <= 2 * config.crop[0] * config.crop[1]
    if config.inference == "whole" or (config.inference == "auto" and few):
        return whole_grid(size)
    return Grid(size, config.crop, config.stride)


def resize_picture(image: np.ndarray, size: Size) -> np.ndarray:
    """Resizes (H, W, 3) uint8: by area where no side grows."""
    if image.shape[:2] == size:
        return image
    shrinks = size[0] <= image.shape[0] and size[1] <= image.shape[1]
    method = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(image).resize(size[::-1], method))


def most_probable(probabilities: np.ndarray, size: Size) -> np.ndarray:
    """Enlarges probabilities bilinearly and takes the largest's id.

    Heights first and then, strip by strip, widths: the full-size
    probabilities never exist at once.

    Args:
        probabilities: (h, w, C) float32.
        size: (height, width) of the result.

    Returns:
        (height, width) uint8 ids in 0..C-1.
    """
    tall = _resized(probabilities, (size[0], probabilities.shape[1]))
    row_bytes = size[1] * probabilities.shape[2] * 4
    rows = max(1, STRIP_BYTES // row_bytes)
    strips = []
    for top in range(0, size[0], rows):
        strip = tall[top : top + rows]
        wide = _resized(strip, (strip.shape[0], size[1]))
        strips.append(ops.convert_to_numpy(ops.argmax(wide, -1)))
    return np.concatenate(strips).astype(np.uint8)


def _resized(values: np.ndarray, size: Size) -> Any:
    """Resizes (h, w, C) float32 bilinearly between pixel centres."""
    if values.shape[:2] == size:
        return values
    return ops.image.resize(values, size, "bilinear", antialias=False)
