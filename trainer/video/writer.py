"""Writes pictures as a video that every player knows: H.264 in an MP4."""

import contextlib
import types
from collections.abc import Iterator
from fractions import Fraction
from typing import Self

import av
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from trainer.video.source import FrameSource, VideoFrame

_MAX_SIDE_PX = 16_384
"""Of the encoder."""

_OPTIONS = {"crf": "20", "preset": "veryfast"}
"""Next to no loss to the eye, and few frames held back."""

_LEAST_TICKS = 10_000
_BT_709 = 1


class VideoWriter:
    """Writes one video to a local file; it is complete once this is left.

    Colour has half the resolution, which needs even sides: of an odd one, the
    last row or column of pixels comes twice.
    """

    def __init__(self, path: str, source: FrameSource):
        """Writes nothing before the first frame.

        Args:
            path: The file.
            source: Gives the rate.
        """
        self._path = path
        self._source = source
        # Times of a constant rate are whole numbers of these ticks, and any
        # other is rounded to a tenth of a millisecond.
        ticks = source.rate.numerator
        ticks *= -(-_LEAST_TICKS // ticks)
        self._tick = Fraction(1, ticks)
        self._duration = round(ticks / source.rate)
        self._pts = -1
        self._output: tuple[OutputContainer, VideoStream] | None = None

    def __enter__(self) -> Self:
        """Begins nothing."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        """Completes the file, unless it is given up for an error."""
        if self._output is None:
            return
        container, stream = self._output
        with self._naming_errors(), container:
            if kind is None:
                container.mux(stream.encode())

    def add(self, frame: VideoFrame) -> None:
        """Adds a frame; one that is shown no later than the last comes next.

        Raises:
            OSError: The file cannot be written.
            ValueError: The frame is too large.
        """
        image = frame.image
        height, width = image.shape[:2]
        image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
        self._pts = max(self._pts + 1, round(frame.seconds / self._tick))
        with self._naming_errors():
            if self._output is None:
                self._output = self._begin(image, frame.pixel_aspect)
            container, stream = self._output
            pixels = av.VideoFrame.from_ndarray(image, "rgb24").reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
            )
            pixels.pts, pixels.time_base = self._pts, self._tick
            pixels.duration = self._duration
            container.mux(stream.encode(pixels))

    def _begin(
        self, image: np.ndarray, pixel_aspect: Fraction
    ) -> tuple[OutputContainer, VideoStream]:
        """Opens the file for frames like the first one."""
        height, width = image.shape[:2]
        if max(height, width) > _MAX_SIDE_PX:
            raise ValueError(
                f"{self._source.path}: its overlay would be of {height}x{width}"
                f" pixels, and H.264 takes {_MAX_SIDE_PX} a side"
            )
        container = av.open(
            f"file:{self._path}",  # else a colon in it would mean a protocol
            "w",
            format="mp4",
            container_options={"movflags": "+faststart"},
        )
        stream = container.add_stream(
            "libx264", self._source.rate, options=_OPTIONS
        )
        context = stream.codec_context
        context.height, context.width = height, width
        context.pix_fmt = "yuv420p"
        context.time_base = self._tick
        context.flags |= Flags.frame_duration  # which the last one needs
        context.sample_aspect_ratio = pixel_aspect
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = context.color_trc = _BT_709
        return container, stream

    @contextlib.contextmanager
    def _naming_errors(self) -> Iterator[None]:
        """Lets errors of files name the path as it was given."""
        try:
            yield
        except av.FFmpegError as error:
            if not isinstance(error, OSError):
                raise
            raise OSError(error.errno, error.strerror, self._path) from error
