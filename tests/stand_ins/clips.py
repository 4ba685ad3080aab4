"""Clips drawn by code, for tests; they need the extra `video`."""

import contextlib
import pathlib
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
from av.video.reformatter import Colorspace

COLORS = ((200, 40, 40), (40, 160, 60), (60, 70, 220), (230, 200, 40))


def flat(number: int, size=(48, 64)) -> np.ndarray:
    """Draws a frame of one colour, another than its neighbours'."""
    return np.full((*size, 3), COLORS[number % len(COLORS)], np.uint8)


def quarters(size=(48, 64)) -> np.ndarray:
    """Draws a frame whose quarters have four colours, row by row."""
    height, width = size
    image = np.zeros((*size, 3), np.uint8)
    for place, color in enumerate(COLORS):
        row, column = divmod(place, 2)
        top, left = row * height // 2, column * width // 2
        image[top : top + height // 2, left : left + width // 2] = color
    return image


def write(
    path: pathlib.Path,
    images: Sequence[np.ndarray],
    rate: Fraction | int = 10,
    *,
    seconds: Sequence[Fraction] = (),
    rotation: int = 0,
    pixel_aspect: Fraction = Fraction(1),
    codec: str = "libx264",
    pix_fmt: str = "yuv444p",
    colorspace: Colorspace = Colorspace.ITU601,
    **options: str,
) -> pathlib.Path:
    """Writes a clip.

    Args:
        path: The file; its suffix says the container.
        images: (H, W, 3) uint8 frames of one size.
        rate: Frames a second.
        seconds: The frames' times; at a constant rate where empty.
        rotation: How players turn it, in degrees counterclockwise.
        pixel_aspect: The width of a pixel as a share of its height.
        codec: The encoder.
        pix_fmt: How pixels are stored.
        colorspace: How colours become these; the file does not say it.
        options: The encoder's.
    """
    # The index first, so that a clip without its end can be read.
    container_options = {"movflags": "faststart"}
    with av.open(
        str(path), "w", container_options=container_options
    ) as container:
        stream = container.add_stream(codec, rate, options=options)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.sample_aspect_ratio = pixel_aspect
        if seconds:
            stream.codec_context.time_base = Fraction(1, 90_000)
        if rotation:
            stream.set_display_rotation(rotation)
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, "rgb24").reformat(
                format=pix_fmt, dst_colorspace=colorspace
            )
            frame.time_base = Fraction(1, 90_000)
            time = seconds[number] if seconds else Fraction(number) / rate
            frame.pts = round(time * 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_sound(path: pathlib.Path) -> pathlib.Path:
    """Writes a file of silence, without any frame."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", 44_100)
        silence = np.zeros((2, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, "fltp", "stereo")
        frame.rate = 44_100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def read(path: pathlib.Path) -> list[np.ndarray]:
    """Decodes a clip's frames, (H, W, 3) uint8, as they are stored."""
    with av.open(str(path)) as container:
        return [
            frame.to_ndarray(format="rgb24")
            for frame in container.decode(video=0)
        ]


@contextlib.contextmanager
def opened(path: pathlib.Path):
    """Opens a clip; yields its stream of frames."""
    with av.open(str(path)) as container:
        yield container.streams.video[0]


def overwrite(path: pathlib.Path, begin: float, end: float) -> None:
    """Sets a part of a file to zeros; both are shares of its length."""
    content = bytearray(path.read_bytes())
    first, last = (round(share * len(content)) for share in (begin, end))
    content[first:last] = bytes(last - first)
    path.write_bytes(content)


def cut(path: pathlib.Path, share: float) -> None:
    """Cuts off a file's end."""
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
