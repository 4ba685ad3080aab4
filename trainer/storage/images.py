"""Pictures: read, decoded, encoded.  No TensorFlow.

A picture is opened as one of the formats that are wanted, its size is checked
before its pixels are decoded, and whatever Pillow stumbles over becomes one
ValueError: one odd file ends no more than itself.
"""

import dataclasses
import io
import warnings
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from schemas.labels.rows import IGNORE_ID
from schemas.pictures import (
    GREY,
    ID_KINDS,
    PICTURE_SUFFIXES,
    check_size,
    parse_png_header,
)
from schemas.sizes import Size
from trainer.storage import image_files
from trainer.storage.threads import ahead

Image.MAX_IMAGE_PIXELS = None  # `check_size` is stricter, and a ValueError.
warnings.filterwarnings("ignore", module=r"PIL\.")  # An error says enough.

_MODES_OF_MORE_BITS = ("I", "F")
"""Pillow's modes that it cuts off, not scales, on the way to RGB."""

_HEAD_BYTES = 1 << 16
"""So much of a file tells its size."""

_FRAME_FORMATS = ("PNG", "JPEG")
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF's orientation → what brings the stored pixels upright."""


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
    """Reads a picture file of any of `PICTURE_SUFFIXES`' formats, upright.

    Raises:
        ValueError: It is no picture, a damaged or too large one, or cannot
            be read; names the file.
    """
    try:
        content = image_files.read_bytes(path)
        return Picture(path, decode_upright(content))
    except (ValueError, OSError) as error:
        raise ValueError(f"{path}: {error}") from error


def read_pictures(
    paths: Iterable[str], complain: Callable[[str], None]
) -> Iterator[Picture]:
    """Yields the pictures that can be read, in order, read a few ahead.

    Args:
        paths: Their files.
        complain: Is told why another cannot be.
    """
    for result in ahead(_try_read, paths):
        if isinstance(result, Picture):
            yield result
        else:
            complain(result)


def _try_read(path: str) -> Picture | str:
    """Reads a picture, or returns the line that says why not."""
    try:
        return read_picture(path)
    except ValueError as error:
        return str(error)


def read_size(path: str) -> Size | None:
    """Reads a picture's (height, width) as stored, and little else of it.

    Returns:
        None where the file cannot be read or its beginning does not tell.
    """
    try:
        head = image_files.read_head(path, _HEAD_BYTES)
        formats = tuple(PICTURE_SUFFIXES)
        with Image.open(io.BytesIO(head), formats=formats) as picture:
            return picture.height, picture.width
    except Exception:  # Whoever decodes the picture says what is wrong.
        return None


def decode_upright(content: bytes) -> np.ndarray:
    """Decodes a picture as viewers show it: (H, W, 3) uint8.

    A camera stores what its sensor saw and notes in EXIF how it was held.

    Raises:
        ValueError: It is no picture, or a damaged or too large one.
    """
    picture = _open(content, tuple(PICTURE_SUFFIXES))
    turn = _UPRIGHT.get(_orientation(picture))
    return _to_rgb(picture if turn is None else picture.transpose(turn))


def decode_rgb(content: bytes) -> np.ndarray:
    """Decodes a frame's PNG or JPEG as stored: (H, W, 3) uint8.

    EXIF's orientation is left alone: label maps are of the stored pixels.

    Raises:
        ValueError: It is no picture, or a damaged or too large one.
    """
    return _to_rgb(_open(content, _FRAME_FORMATS))


def decode_ids(content: bytes) -> np.ndarray:
    """Decodes a label map's PNG into (H, W) uint8 class ids.

    They are its grey values or the indices of its palette, as the conversion
    takes them.

    Raises:
        ValueError: It is no such PNG, or a damaged or too large one.
    """
    header = parse_png_header(content)
    if header.kind not in ID_KINDS:
        raise ValueError(f"{header.kind}, a label map should be {ID_KINDS[0]}")
    ids = np.asarray(_open(content, ("PNG",)))
    if ids.max() > IGNORE_ID:
        raise ValueError(f"the id {ids.max()}, ids are at most {IGNORE_ID}")
    ids = ids.astype(np.uint8, copy=False)
    if header.color_type == GREY and header.bits in (2, 4):
        ids = ids // (255 // ((1 << header.bits) - 1))  # Pillow scales them.
    return ids


def encode_png(pixels: np.ndarray) -> bytes:
    """Encodes (H, W, 3) or (H, W) uint8, or (H, W) uint16, as a PNG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _open(content: bytes, formats: tuple[str, ...]) -> Image.Image:
    """Opens a picture of one of Pillow's formats and decodes it."""
    try:
        picture = Image.open(io.BytesIO(content), formats=formats)
    except UnidentifiedImageError as error:
        *others, last = formats
        names = " or ".join([", ".join(others)] * bool(others) + [last])
        raise ValueError(f"not a {names}") from error
    except Exception as error:  # Pillow lets through what damage brings up.
        raise ValueError(f"a damaged picture: {error}") from error
    check_size(picture.height, picture.width)
    try:
        picture.load()
    except Exception as error:
        raise ValueError(f"a damaged picture: {error}") from error
    return picture


def _orientation(picture: Image.Image) -> int:
    """Returns EXIF's orientation, 1 where there is none to be read."""
    try:
        return picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # Damaged EXIF data are none.
        return 1


def _to_rgb(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith(_MODES_OF_MORE_BITS):
        raise ValueError(
            f"a picture should have 8 bits a channel, its mode is "
            f"{picture.mode}"
        )
    try:
        return np.asarray(picture.convert("RGB"))
    except Exception as error:
        raise ValueError(f"a damaged picture: {error}") from error
