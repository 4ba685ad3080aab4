"""Frames of a clip, decoded by PyAV's FFmpeg as a stream."""

import contextlib
import dataclasses
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream

from schemas.layouts import filenames
from schemas.pictures import MAX_PIXELS, check_size
from trainer.storage import files
from trainer.video.source import Complain, VideoFrame

_FORMATS = "mov,matroska,avi,mpegts,mpeg,asf,flv,ogg,h264,hevc"
"""FFmpeg's readers that may see a clip; others open what a file names."""

_OPTIONS = {"max_pixels": str(MAX_PIXELS)}
_NO_COLORSPACE = 2
"""FFmpeg's AVCOL_SPC_UNSPECIFIED."""

_HD_HEIGHT, _HD_WIDTH = 720, 1280
"""From here on, players take frames that do not say so for BT.709."""

_USUAL_RATE = Fraction(25)
_SHORT_BY_SECONDS = 1


class Clip:
    """A video file; its attributes are those of a `FrameSource`."""

    def __init__(self, path: str):
        """Reads what the file says of itself.

        Args:
            path: The file, local or remote.

        Raises:
            FileNotFoundError: There is none.
            OSError: It cannot be read.
            ValueError: It is no clip, or holds no frames of a size that is
                taken; names the file.
        """
        self.path = path
        self.stem = filenames.picture_stem(path)
        with _open(path) as container:
            stream = _video_of(container, path)
            rate = stream.average_rate or stream.guessed_rate or _USUAL_RATE
            self.rate = Fraction(rate)
            self.num_frames = stream.frames or None
            if container.duration and not stream.frames:
                seconds = Fraction(container.duration, av.time_base)
                self.num_frames = round(seconds * self.rate)

    def frames(self, complain: Complain) -> Iterator[VideoFrame]:
        """Yields the frames that can be decoded, all of the first one's size.

        Args:
            complain: Is told at the end of what could not be decoded.
        """
        damage = _Damage()
        convert, timeline = _Converter(), _Timeline(self.rate)
        with _open(self.path) as container:
            stream = _video_of(container, self.path)
            stream.thread_type = "AUTO"
            stream.codec_context.options = _OPTIONS
            aspect = stream.sample_aspect_ratio or Fraction(1)
            for frame in _decode(container, stream, damage):
                yield VideoFrame(
                    convert(frame),
                    timeline.seconds_of(frame),
                    1 / aspect if _num_turns(frame) % 2 else aspect,
                )
        if damage:
            complain(
                f"{self.path} is damaged: {damage}; the video holds what could "
                "be decoded"
            )


@dataclasses.dataclass
class _Damage:
    """What is wrong with a clip.

    Attributes:
        num_lost: The frames that were not decoded.
        num_faulty: Those that were, with errors.
        end: The second at which the file ends too early, and that at which it
            should; None where it does not.
    """

    num_lost: int = 0
    num_faulty: int = 0
    end: tuple[float, float] | None = None

    def __bool__(self) -> bool:
        return bool(self.num_lost or self.num_faulty or self.end)

    def __str__(self) -> str:
        parts = []
        if self.num_lost:
            parts.append(f"frames that cannot be decoded: {self.num_lost}")
        if self.num_faulty:
            parts.append(f"frames with errors: {self.num_faulty}")
        if self.end:
            parts.append("it ends at second {:.1f} of {:.1f}".format(*self.end))
        return ", ".join(parts)


class _Converter:
    """Turns decoded frames into pixels, all of the first frame's size."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._size: dict[str, int] = {}

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """Returns (H, W, 3) uint8, upright."""
        if not self._size:
            self._size = {"width": frame.width, "height": frame.height}
        frame_of_rgb = self._reformatter.reformat(
            frame,
            format="rgb24",
            src_colorspace=_colorspace_of(frame),
            **self._size,
        )
        return np.ascontiguousarray(
            np.rot90(frame_of_rgb.to_ndarray(), _num_turns(frame))
        )


def _colorspace_of(frame: av.VideoFrame) -> Colorspace | None:
    """Returns what players take a frame's colours for; None: what it says.

    FFmpeg takes all frames that say nothing for BT.601.
    """
    is_hd = frame.height >= _HD_HEIGHT or frame.width >= _HD_WIDTH
    if is_hd and frame.colorspace == _NO_COLORSPACE:
        return Colorspace.ITU709
    return None


def _num_turns(frame: av.VideoFrame) -> int:
    """Returns the quarter turns, counterclockwise, that make it upright.

    A camera notes how it was held.
    """
    return round(frame.rotation / 90) % 4


class _Timeline:
    """Tells when frames are shown."""

    def __init__(self, rate: Fraction):
        self._step = 1 / rate
        self._offset: Fraction | None = None
        self._last = -self._step
        self._last_stored: Fraction | None = None

    def seconds_of(self, frame: av.VideoFrame) -> Fraction:
        """Returns the time of the next frame, after the last one's.

        Where the file counts in coarse ticks, a time becomes the one that a
        constant rate would give, if the two are the same tick.
        """
        seconds = self._last + self._step
        if frame.pts is not None and frame.time_base is not None:
            stored = frame.pts * frame.time_base
            if self._offset is None:
                self._offset = stored
            time = stored - self._offset
            even = round(time / self._step) * self._step
            if even > self._last and abs(even - time) <= frame.time_base:
                time = even
            if time > self._last:
                seconds = time
            elif self._last_stored is None or stored <= self._last_stored:
                # Times begin anew where clips were joined.
                self._offset -= seconds - time
            else:  # A tick behind one whose time became a later one.
                seconds = self._last + frame.time_base
            self._last_stored = stored
        self._last = seconds
        return seconds


@contextlib.contextmanager
def _open(path: str) -> Iterator[InputContainer]:
    """Opens a clip, without any way to the files that it may name.

    Raises:
        FileNotFoundError: There is none.
        OSError: It cannot be read.
        ValueError: It is no clip.
    """
    with files.open_binary(path) as file:
        try:
            container = av.open(
                file,
                "r",
                container_options={"format_whitelist": _FORMATS},
                metadata_errors="replace",
                io_open=_refuse,
            )
        except av.FFmpegError as error:
            raise ValueError(
                f"{path}: not a clip, or a damaged one ({error.strerror})"
            ) from error
        with container:
            yield container


def _refuse(url: str, flags: int, options: dict[str, str]) -> None:
    raise PermissionError(f"a clip names another file, {url}")


def _video_of(container: InputContainer, path: str) -> VideoStream:
    """Finds the moving pictures of a clip.

    Raises:
        ValueError: There are none, or of a size that is not taken.
    """
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or (
        stream.disposition & Disposition.attached_pic
    ):
        kinds = sorted({stream.type for stream in container.streams})
        if not kinds:
            raise ValueError(f"{path}: not a clip, or a damaged one")
        raise ValueError(f"{path} holds no video, but {' and '.join(kinds)}")
    if stream.codec_context is None:
        raise ValueError(f"{path}: its frames are of a codec that is not known")
    try:
        check_size(stream.codec_context.height, stream.codec_context.width)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return stream


def _decode(
    container: InputContainer, stream: VideoStream, damage: _Damage
) -> Iterator[av.VideoFrame]:
    """Yields the frames and notes what is wrong."""
    seconds = 0.0
    for packet in _packets(container, damage):
        if packet.pts is not None:
            end = packet.pts + (packet.duration or 0)
            seconds = max(seconds, float(end * packet.time_base))
        if packet.stream.index != stream.index:
            continue
        try:
            decoded = stream.decode(packet)
        except av.FFmpegError:
            damage.num_lost += 1
            continue
        for frame in decoded:
            damage.num_faulty += frame.is_corrupt
            yield frame
    if container.duration:
        seconds -= (container.start_time or 0) / av.time_base
        length = container.duration / av.time_base
        if seconds < length - _SHORT_BY_SECONDS:
            damage.end = (seconds, length)


def _packets(container: InputContainer, damage: _Damage) -> Iterator[av.Packet]:
    """Yields all that a file holds, up to where it cannot be read on."""
    try:
        yield from container.demux()
    except av.FFmpegError:
        damage.num_lost += 1
