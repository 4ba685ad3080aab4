"""Picture files: found, read, written.  No TensorFlow."""

import concurrent.futures
import dataclasses
import glob
import io
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError

CITYSCAPES_SUFFIX = "_leftImg8bit.png"
SUFFIXES = (".png", ".jpg", ".jpeg")

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


def stem(path: str) -> str:
    """Returns a file's name without folder, suffix and `_leftImg8bit`."""
    name = os.path.splitext(os.path.basename(path))[0]
    return name.removesuffix("_leftImg8bit")


def find_pictures(pattern: str) -> list[str]:
    """Lists the pictures that a file, a glob pattern or a folder names.

    In a folder and those below it, Cityscapes' `*_leftImg8bit.png` are the
    pictures; where there are none, every PNG and JPEG is.

    Raises:
        FileNotFoundError: There is no picture.
    """
    if os.path.isfile(pattern):
        return [pattern]
    if not os.path.isdir(pattern):
        paths = sorted(filter(os.path.isfile, glob.glob(pattern)))
        if not paths:
            raise FileNotFoundError(
                f"--input={pattern} is no file, no folder and matches none"
            )
        return paths
    paths = sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(pattern)
        for name in names
        if name.lower().endswith(SUFFIXES)
    )
    frames = [path for path in paths if path.endswith(CITYSCAPES_SUFFIX)]
    if not paths:
        raise FileNotFoundError(
            f"--input={pattern} holds no {', '.join(SUFFIXES)} file, nor do "
            "the folders below it"
        )
    return frames or paths


def read_picture(path: str) -> Picture:
    """Reads a picture file.

    Raises:
        ValueError: It is no picture, or a damaged one; names the file.
    """
    try:
        with open(path, "rb") as file:
            return Picture(path, decode_rgb(file.read()))
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from error


def decode_rgb(content: bytes) -> np.ndarray:
    """Decodes a PNG or JPEG into (H, W, 3) uint8.

    Raises:
        ValueError: It is no picture, or a damaged one.
    """
    return np.asarray(_open(content).convert("RGB"))


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
