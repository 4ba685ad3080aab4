"""Pictures: read, decoded, encoded.  No TensorFlow."""

import concurrent.futures
import dataclasses
import io
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

from trainer.storage import image_files

_MODES_OF_MORE_BITS = ("I", "F")
"""Pillow's modes that it cuts off, not scales, on the way to RGB."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes:
        path: The file that it came from.
        image: (H, W, 3) uint8 in [0, 255].
    """

    path: str
    image: np.ndarray


def read_picture(path: str) -> Picture:
    """Reads a picture file.

    Raises:
        ValueError: It is no picture, or a damaged one; names the file.
    """
    try:
        return Picture(path, decode_rgb(image_files.read_bytes(path)))
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from error


def decode_rgb(content: bytes) -> np.ndarray:
    """Decodes a PNG or JPEG into (H, W, 3) uint8.

    Raises:
        ValueError: It is no picture, or a damaged one.
    """
    picture = _open(content)
    if picture.mode.startswith(_MODES_OF_MORE_BITS):
        raise ValueError(
            f"a picture should have 8 bits a channel, its mode is "
            f"{picture.mode}"
        )
    return np.asarray(picture.convert("RGB"))


def decode_ids(content: bytes) -> np.ndarray:
    """Decodes a one-channel 8-bit PNG of class ids into (H, W) uint8.

    Raises:
        ValueError: It is no such PNG.
    """
    picture = _open(content)
    if picture.mode not in ("L", "P"):
        raise ValueError(
            f"a label map should be 8-bit grey, its mode is {picture.mode}"
        )
    return np.asarray(picture)


def encode_png(pixels: np.ndarray) -> bytes:
    """Encodes (H, W, 3) or (H, W) uint8 as a PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def ahead(
    function: Callable[[_Item], _Result],
    items: Iterable[_Item],
    num_threads: int = 4,
) -> Iterator[_Result]:
    """Maps in threads, in order, never more than a few items ahead."""
    items = iter(items)
    with concurrent.futures.ThreadPoolExecutor(num_threads) as pool:
        running = deque(
            pool.submit(function, item)
            for item in itertools.islice(items, num_threads)
        )
        while running:
            result = running.popleft().result()
            yield result
            for item in itertools.islice(items, 1):
                running.append(pool.submit(function, item))


def _open(content: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(content))
        picture.load()
    except UnidentifiedImageError as error:
        raise ValueError("not a picture that Pillow knows") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"a damaged picture: {error}") from error
    return picture
