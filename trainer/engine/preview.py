"""The same few frames of the evaluation split, drawn after each epoch."""

import dataclasses
from collections.abc import Iterable

import keras
import numpy as np

from schemas.labels.colors import overlay
from schemas.labels.table import LabelSpace
from schemas.sizes import Size
from trainer.models.saved import pixels_to_probabilities
from trainer.visualization import draw as visualize


@dataclasses.dataclass(frozen=True, eq=False)
class _Shown:
    """A frame and its truth.

    Attributes:
        image: (H, W, 3) uint8 in [0, 255].
        overlay: (H, W, 3) uint8, the truth's colours over it.
    """

    image: np.ndarray
    overlay: np.ndarray


class Preview:
    """Frames that a network is shown to again and again."""

    def __init__(
        self,
        model: keras.Model,
        frames: Iterable[tuple[np.ndarray, np.ndarray]],
        space: LabelSpace,
        crop: Size,
        offsets: np.ndarray | None = None,
    ):
        """Keeps the frames.

        Args:
            model: The network, which may continue to learn.
            frames: (H, W, 3) uint8 pictures and (H, W) uint8 ids.
            space: The id space of the labels.
            crop: Frames that are larger are shown by their middle only.
            offsets: (C,) float32, what is added to its logits; None for
                nothing.
        """
        self._space = space
        self._factors = 1.0 if offsets is None else np.exp(offsets)
        self._network = pixels_to_probabilities(model)
        # XLA on a CPU would take seconds to compile what runs for less.
        self._network.compile(jit_compile=keras.backend.backend() == "jax")
        self._frames = []
        for image, ids in frames:
            image, ids = _middle(image, crop), _middle(ids, crop)
            self._frames.append(_Shown(image, overlay(image, ids, space)))

    def draw(self) -> np.ndarray:
        """Draws each frame beside its truth and what the network says now.

        Returns:
            (height, width, 3) uint8: a row a frame, captions above.
        """
        columns: dict[str, list[np.ndarray]] = {
            "picture": [],
            "truth": [],
            "prediction": [],
        }
        for frame in self._frames:
            values = self._network.predict_on_batch(frame.image[None])
            ids = (values[0] * self._factors).argmax(-1)
            predicted = overlay(frame.image, ids, self._space)
            columns["picture"].append(frame.image)
            columns["truth"].append(frame.overlay)
            columns["prediction"].append(predicted)
        return visualize.strip(
            {
                caption: visualize.column(panels)
                for caption, panels in columns.items()
            }
        )


def _middle(pixels: np.ndarray, crop: Size) -> np.ndarray:
    """Cuts the middle out of (H, W, ...) where it is larger than the crop."""
    height, width = (
        min(sides) for sides in zip(pixels.shape[:2], crop, strict=True)
    )
    top = (pixels.shape[0] - height) // 2
    left = (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]
