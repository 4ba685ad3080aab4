"""Applies a trained network to pictures of any size, in bounded memory.

Pictures become windows, windows become batches, probabilities are blended
back and brought to the picture's own size, where each pixel takes its most
probable id.  Where they have that size already, they exist for one row of
windows at a time only.
"""

import dataclasses
import math
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
from keras import ops
from PIL import Image

from schemas import sizes
from schemas.labels.rows import Label
from schemas.sizes import Size
from trainer.config.inference import InferenceConfig
from trainer.inference.bands import Bands
from trainer.inference.window_network import WindowNetwork, default_batch_size
from trainer.inference.windows import Grid, choose_grid
from trainer.models.saved import Network, output_label_ids

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
        bands: What the network says of them: (H, W, C) float32
            probabilities, or (H, W) uint8 ids where these are final.
    """

    grid: Grid
    windows: list[np.ndarray]
    bands: Bands


class Predictor:
    """A network ready for pictures of any size."""

    def __init__(
        self,
        network: Network,
        config: InferenceConfig,
        seen: np.ndarray | None = None,
    ):
        """Wraps the network.

        Args:
            network: The network.
            config: How to apply it.
            seen: (C,) bool, the ids that may be predicted; None for all.

        Raises:
            ValueError: It cannot take windows of the size of --crop.
        """
        self.space = network.space
        self._output_ids = output_label_ids(self.space, seen)
        self._config = config
        batch_size = config.batch_size or default_batch_size()
        self._batch_pixels = batch_size * math.prod(config.crop)
        self._network = WindowNetwork(network.model, seen)
        check_window(config.crop, self._network.factor)

    @property
    def classes(self) -> tuple[Label, ...]:
        """The classes that it may predict, in the table's order."""
        return tuple(
            row
            for row in self.space.table.classes
            if row.label_id in self._output_ids
        )

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
        view_at = view_sizes(image.shape[:2], self._config)
        is_final = view_at == [image.shape[:2]]
        finish = _most_probable_here if is_final else np.copy
        views = []
        for size in view_at:
            grid = choose_grid(size, self._config, self._network.factor)
            windows = grid.cut(resize_picture(image, size))
            bands = Bands(grid, len(self._output_ids), finish)
            views.append(_View(grid, windows, bands))
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
            view.bands.add(position, value)

    def _label_ids(self, views: list[_View], size: Size) -> np.ndarray:
        result = views[0].bands.close()
        if result.ndim == 3:
            for view in views[1:]:
                other = view.bands.close()
                result = result + _resized(other, result.shape[:2])
            result = most_probable(result, size)
        return self._output_ids[result]


def check_window(crop: Size, factor: int) -> None:
    """Raises ValueError where a network cannot take windows of a size."""
    if any(side % factor for side in crop):
        raise ValueError(
            f"--crop={sizes.to_text(crop)}: both sides must divide by "
            f"{factor}, because the network's coarsest features stand for "
            f"{factor}x{factor} pixels; give another --crop"
        )


def view_sizes(size: Size, config: InferenceConfig) -> list[Size]:
    """Returns the (height, width) that a picture takes at each scale."""
    height, width = config.resize or size
    return [
        (max(1, round(height * scale)), max(1, round(width * scale)))
        for scale in config.scales
    ]


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


def _most_probable_here(probabilities: np.ndarray) -> np.ndarray:
    """Takes the most probable id at each place of (h, w, C) float32."""
    return most_probable(probabilities, probabilities.shape[:2])


def _resized(values: np.ndarray, size: Size) -> Any:
    """Resizes (h, w, C) float32 bilinearly between pixel centres."""
    if values.shape[:2] == size:
        return values
    return ops.image.resize(values, size, "bilinear", antialias=False)
