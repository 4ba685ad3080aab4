"""Writes a clip, or frames, with what a network says of them laid over."""

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np

from trainer.storage import files
from trainer.storage.progress import Progress
from trainer.storage.threads import ahead, prefetched
from trainer.video.source import Complain, FrameSource, VideoFrame
from trainer.video.writer import VideoWriter

_Said = TypeVar("_Said")
"""What the network says of a frame."""

Predict = Callable[[Iterable[VideoFrame]], Iterator[tuple[VideoFrame, _Said]]]
"""Yields each frame, in order, with what the network says of it."""

Paint = Callable[[np.ndarray, _Said], np.ndarray]
"""(H, W, 3) uint8 pixels and what is said of them → (h, w, 3) uint8."""


def write(
    path: str,
    source: FrameSource,
    predict: Predict[_Said],
    paint: Paint[_Said],
    complain: Complain,
    limit: int | None = None,
) -> int:
    """Writes a video of overlays, whole or not at all.

    Frames are decoded, predicted, painted and encoded at the same time, and
    no more than a few of them are held.

    Args:
        path: The file, local or remote.
        source: The frames.
        predict: Asks the network.
        paint: Lays that over pixels; may be called from several threads.
        complain: Is told of frames that are missing.
        limit: Only the first so many frames.

    Returns:
        The number of frames.

    Raises:
        OSError: The source cannot be read, or the file not be written.
        ValueError: The source holds no frames.
    """

    def overlay(item: tuple[VideoFrame, _Said]) -> VideoFrame:
        frame, said = item
        return dataclasses.replace(frame, image=paint(frame.image, said))

    total = source.num_frames
    if limit is not None:
        total = min(total or limit, limit)
    progress, num_written = Progress(total, "frame"), 0
    frames = itertools.islice(source.frames(complain), limit)
    with (
        files.replacing(path) as partial,
        VideoWriter(partial, source) as video,
    ):
        overlays = ahead(overlay, predict(prefetched(frames)))
        # Left before the video is: no thread writes to one that is closed.
        with contextlib.closing(ahead(video.add, overlays, 1, 2)) as written:
            for _ in written:
                num_written += 1
                progress.update(num_written)
        progress.finish()
        if not num_written:
            raise ValueError(f"{source.path}: no frame of it can be decoded")
    return num_written
