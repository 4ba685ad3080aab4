"""Bytes of a source file → checked PNG → (resized) → record."""

import dataclasses
import io

import numpy as np
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.options import Encoding
from preprocess.records import png
from schemas import example, labels

_LABEL_LEVEL = 6


@dataclasses.dataclass(frozen=True)
class EncodedFrame:
    """A record with its statistics.

    Attributes:
        record: What is stored.
        class_pixels: (num_classes,) int64 pixels of each id, or None where
            there is no label map.
    """

    record: example.Record
    class_pixels: np.ndarray | None


def encode_frame(
    name: str, image: bytes, label: bytes | None, encoding: Encoding
) -> EncodedFrame:
    """Checks a frame's two PNGs and builds its record.

    A native picture is proved by its chunks' CRCs and passes through byte for
    byte; it is not inflated.  A label map always is, for its ids.

    Args:
        name: The frame's stem.
        image: The picture's PNG, 8-bit RGB.
        label: The labelIds PNG, 8-bit grey, of the picture's size; or None.
        encoding: How to store them.

    Raises:
        BadPictureError: A PNG is damaged, of another kind, of another size
            than its partner, or holds an id that is not in 0..33.
    """
    picture = png.check(image, png.RGB, "image")
    stored_label, class_pixels = b"", None
    if label is not None:
        ids = png.check(label, png.GREY, "label")
        if ids.size != picture.size:
            raise BadPictureError(
                f"label is {ids.height}x{ids.width}, its image "
                f"{picture.height}x{picture.width}"
            )
        stored_label, class_pixels = _store_label(ids, encoding)
    record = example.Record(
        name,
        _store_image(picture, encoding),
        encoding.image_format,
        stored_label,
        *(picture.size if encoding.is_native else encoding.image_size),
    )
    return EncodedFrame(record, class_pixels)


def decode_image(record: example.Record) -> np.ndarray:
    """Decodes a record's picture, PNG or JPEG: (H, W, 3) uint8.

    Raises:
        BadPictureError: It cannot be decoded.
    """
    if record.image_format == "png":
        return png.check(record.image, png.RGB, "image").decode()
    return np.asarray(png.decode_any(record.image, "image"))


def decode_label(
    label: png.Png, space: labels.LabelSpace
) -> tuple[np.ndarray, list[int]]:
    """Decodes a label map and counts its ids.

    Args:
        label: A one-channel PNG.
        space: The label space of its ids; 255 fits trainIds only.

    Returns:
        The (H, W) uint8 map and its 256 counts.

    Raises:
        BadPictureError: It cannot be decoded or holds a wrong id.
    """
    ids = label.decode()
    counts = png.histogram(ids)
    end = labels.IGNORE_ID + (space is labels.LABEL_IDS)
    wrong = [i for i in range(space.num_classes, end) if counts[i]]
    if wrong:
        raise BadPictureError(
            f"label holds id {wrong[0]} in {counts[wrong[0]]} pixels, "
            f"{space.name} are 0..{space.num_classes - 1}"
        )
    return ids, counts


def _resize(
    pixels: np.ndarray, size: tuple[int, int], resample: Image.Resampling
) -> np.ndarray:
    """Resizes to (height, width)."""
    picture = Image.fromarray(pixels)
    return np.asarray(picture.resize(size[::-1], resample))


def _store_image(picture: png.Png, encoding: Encoding) -> bytes:
    """Returns the picture's bytes as the encoding wants them."""
    if encoding.is_native and encoding.image_format == "png":
        return picture.data
    pixels = picture.decode()
    if not encoding.is_native:
        pixels = _resize(pixels, encoding.image_size, Image.Resampling.BOX)
    if encoding.image_format == "png":
        return png.encode(pixels, level=0)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer, "JPEG", quality=encoding.jpeg_quality, subsampling=0
    )
    return buffer.getvalue()


def _store_label(
    label: png.Png, encoding: Encoding
) -> tuple[bytes, np.ndarray]:
    """Returns the label map's bytes and the pixels of each class."""
    ids, counts = decode_label(label, labels.LABEL_IDS)
    stored = label.data
    space = labels.LABEL_SPACES[encoding.label_space]
    if not encoding.is_native:
        ids = _resize(ids, encoding.image_size, Image.Resampling.NEAREST)
    if space is labels.TRAIN_IDS:
        ids = labels.LABEL_TO_TRAIN[ids]
    if space is labels.TRAIN_IDS or not encoding.is_native:
        counts = png.histogram(ids)
        level = _LABEL_LEVEL if encoding.is_native else 0
        stored = png.encode(ids, level)
    return stored, np.array(counts[: space.num_classes], np.int64)
