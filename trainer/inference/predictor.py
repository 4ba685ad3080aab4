"""Applies a trained network to pictures of any size, in bounded memory.

Pictures become windows, windows become batches, probabilities are blended
back and brought to the picture's own size, where each pixel takes its most
probable id.  Where they have that size already, they exist for one row of
windows at a time only.
"""

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
from PIL import Image

from schemas import sizes
from schemas.labels.rows import Label
from schemas.sizes import Size
from trainer.config.inference import InferenceConfig
from trainer.inference.bands import Bands
from trainer.inference.readout import Prediction, Readout, joined, resized
from trainer.inference.window_network import WindowNetwork, default_batch_size
from trainer.inference.windows import Grid, choose_grid
from trainer.models.saved import Network, output_label_ids

_MAX_HELD_BYTES = 256 << 20
"""Of pictures that wait for a batch; resized, many large ones make one."""


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
        bands: What the network says of them.
        rows: What the bands have given, (n, width, C) float32 each; empty
            where it is read off at once.
    """

    grid: Grid
    windows: list[np.ndarray]
    bands: Bands
    rows: list[np.ndarray]


_Job = tuple[_Picture, Readout, list[_View]]
"""A picture, what is read off its probabilities, and its views."""


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
    def channels(self) -> tuple[Label, ...]:
        """The class of each of C probabilities."""
        rows = {row.label_id: row for row in self.space.table.classes}
        return tuple(rows[label_id] for label_id in self._output_ids)

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
        for picture, readout in self._read(pictures, lambda _: Readout()):
            yield picture, self._output_ids[readout.take_places()]

    def predict_with_confidence(
        self,
        pictures: Iterable[_Picture],
        sink: Callable[[_Picture, np.ndarray], None] | None = None,
    ) -> Iterator[tuple[_Picture, Prediction]]:
        """Yields what `predict` does, and how sure the network is of it.

        Args:
            pictures: The pictures.
            sink: Is given, before a picture is yielded, the picture and its
                next rows of (n, W, C) float32 probabilities, from the top;
                they are of `channels`.
        """
        num_summed = len(self._config.scales) * (1 + self._config.flip_average)

        def new_readout(picture: _Picture) -> Readout:
            take = functools.partial(sink, picture) if sink else None
            return Readout(num_summed, True, take)

        for picture, readout in self._read(pictures, new_readout):
            yield (
                picture,
                Prediction(
                    self._output_ids[readout.take_places()],
                    readout.take_confidence(),
                ),
            )

    def _read(
        self,
        pictures: Iterable[_Picture],
        new_readout: Callable[[_Picture], Readout],
    ) -> Iterator[tuple[_Picture, Readout]]:
        waiting: list[_Job[_Picture]] = []
        num_pixels = num_bytes = 0
        for picture in pictures:
            readout = new_readout(picture)
            views = self._views(picture.image, readout)
            waiting.append((picture, readout, views))
            num_pixels += sum(math.prod(view.grid.canvas) for view in views)
            num_bytes += picture.image.nbytes
            is_full = num_pixels >= self._batch_pixels
            if is_full or num_bytes >= _MAX_HELD_BYTES:
                yield from self._finish(waiting)
                waiting, num_pixels, num_bytes = [], 0, 0
        yield from self._finish(waiting)

    def _views(self, image: np.ndarray, readout: Readout) -> list[_View]:
        view_at = view_sizes(image.shape[:2], self._config)
        is_final = view_at == [image.shape[:2]]
        views = []
        for size in view_at:
            grid = choose_grid(size, self._config, self._network.factor)
            windows = grid.cut(resize_picture(image, size))
            rows: list[np.ndarray] = []
            keep = readout.add if is_final else _copy_to(rows)
            bands = Bands(grid, len(self._output_ids), keep)
            views.append(_View(grid, windows, bands, rows))
        return views

    def _finish(
        self, waiting: list[_Job[_Picture]]
    ) -> Iterator[tuple[_Picture, Readout]]:
        by_shape: dict[Size, list[tuple[_View, Size, np.ndarray]]] = {}
        for _, _, views in waiting:
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
        for picture, readout, views in waiting:
            _sum_up(views, readout, picture.image.shape[:2])
            yield picture, readout

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


def _copy_to(rows: list[np.ndarray]) -> Callable[[np.ndarray], None]:
    return lambda own: rows.append(own.copy())


def _sum_up(views: list[_View], readout: Readout, size: Size) -> None:
    """Reads off what a picture's views say together."""
    total: Any = None
    for view in views:
        view.bands.close()
        if not view.rows:
            continue
        values = joined(view.rows)
        if total is not None:
            values = total + resized(values, total.shape[:2])
        total = values
    if total is not None:
        readout.add(total, size)


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
        for scale in config.descending_scales
    ]


def resize_picture(image: np.ndarray, size: Size) -> np.ndarray:
    """Resizes (H, W, 3) uint8: by area where no side grows."""
    if image.shape[:2] == size:
        return image
    shrinks = size[0] <= image.shape[0] and size[1] <= image.shape[1]
    method = Image.Resampling.BOX if shrinks else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(image).resize(size[::-1], method))
