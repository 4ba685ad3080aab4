"""Keeps the best and the worst frames of an evaluation, as small pictures."""

import dataclasses
import heapq
import threading
from collections.abc import Callable

import numpy as np

from schemas.labels.table import LabelSpace
from trainer.data.frames import Frame
from trainer.visualization import draw, page

NUM_KEPT = 3


@dataclasses.dataclass(frozen=True)
class DrawnFrame:
    """One frame, ready for a page.

    Attributes:
        name: The frame's stem.
        score: Its mean IoU over the evaluated classes, in [0, 1].
        panels: Caption → data URI of a picture.
    """

    name: str
    score: float
    panels: dict[str, str]


class BestAndWorst:
    """The frames with the highest and the lowest scores so far."""

    def __init__(self, num_kept: int = NUM_KEPT):
        """Starts empty; keeps `num_kept` frames at each end."""
        self._num_kept = num_kept
        self._best: list[tuple[float, int, DrawnFrame]] = []
        self._worst: list[tuple[float, int, DrawnFrame]] = []
        self._count = 0
        self._lock = threading.Lock()

    def offer(self, score: float, make: Callable[[], DrawnFrame]) -> None:
        """Takes a frame in where its score is among those kept.

        May be called from several threads.

        Args:
            score: The frame's mean IoU.
            make: Draws its pictures; called only if they are needed.
        """
        with self._lock:
            self._count += 1
            drawn = None
            for heap, key in ((self._best, score), (self._worst, -score)):
                is_full = len(heap) == self._num_kept
                if is_full and key <= heap[0][0]:
                    continue
                drawn = drawn or make()
                push = heapq.heappushpop if is_full else heapq.heappush
                push(heap, (key, -self._count, drawn))

    def best(self) -> list[DrawnFrame]:
        """Returns the best frames, the best first."""
        return [drawn for _, _, drawn in sorted(self._best)[::-1]]

    def worst(self) -> list[DrawnFrame]:
        """Returns the worst frames, the worst first."""
        return [drawn for _, _, drawn in sorted(self._worst)[::-1]]


def draw_frame(
    frame: Frame, label_ids: np.ndarray, score: float, space: LabelSpace
) -> DrawnFrame:
    """Draws a frame beside its truth, its prediction and its mistakes.

    Args:
        frame: The frame.
        label_ids: (H, W) uint8, the prediction.
        score: The frame's mean IoU.
        space: The label ids of its classes.
    """
    mistakes = draw.error_map(frame.image, frame.truth_ids, label_ids, space)
    panels = {
        "picture": frame.image,
        "truth": draw.colorize(frame.truth_ids, space),
        "prediction": draw.colorize(label_ids, space),
        "mistakes": mistakes,
    }
    return DrawnFrame(
        frame.name,
        score,
        {caption: page.data_uri(panel) for caption, panel in panels.items()},
    )
