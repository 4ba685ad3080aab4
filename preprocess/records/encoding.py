"""Bytes of a source file → checked PNG → (resized) → record."""

import dataclasses
import io

import numpy as np
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.options import Encoding
from preprocess.records import jpeg, label_maps, png
from preprocess.records.jpeg import Jpeg
from preprocess.records.png import Png
from schemas import example
from schemas.pictures import (
    LABEL_FILE_KINDS,
    MAX_JPEG_SIDE,
    PALETTE_KINDS,
    PICTURE_KINDS,
)

_OTHER_KINDS = (
    "8-bit RGBA",
    "8-bit grey",
    "8-bit grey+alpha",
    *PALETTE_KINDS,
)
"""Pictures that become RGB with `convert_pictures`."""


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
    name: str,
    image: bytes,
    label: bytes | None,
    encoding: Encoding,
    may_be_jpeg: bool = False,
) -> EncodedFrame:
    """Checks a frame's two files and builds its record.

    A native picture passes through byte for byte, its pixel stream verified
    unless the encoding says otherwise.  A label map is always decoded, for
    its ids; both hold their pixels as stored, before any EXIF rotation.

    Args:
        name: The frame's stem.
        image: The picture's PNG, 8-bit RGB, or JPEG.
        label: The label map's PNG, of the picture's size and one of
            `LABEL_FILE_KINDS`; or None.
        encoding: How to store them.
        may_be_jpeg: Whether the picture is named as a JPEG; others are
            taken with `convert_pictures` alone.

    Raises:
        BadPictureError: A file is damaged, of another kind, of another size
            than its partner, or holds an id or a color that is no class's.
    """
    picture = _open_image(image, encoding, may_be_jpeg)
    stored_label, class_pixels = b"", None
    if label is not None:
        label_map = png.check(label, LABEL_FILE_KINDS, "label")
        if label_map.size != picture.size:
            raise BadPictureError(
                _different_sizes(label_map.size, picture.size)
            )
        stored_label, class_pixels = label_maps.store(label_map, encoding)
    record = example.Record(
        name,
        *_store_image(picture, encoding),
        stored_label,
        *(encoding.size or picture.size),
    )
    return EncodedFrame(record, class_pixels)


def decode_image(record: example.Record) -> np.ndarray:
    """Decodes a record's picture, PNG or JPEG: (H, W, 3) uint8.

    Raises:
        BadPictureError: It cannot be decoded.
    """
    if record.image_format == "png":
        return png.check(record.image, PICTURE_KINDS, "image").decode()
    return np.asarray(png.decode_any(record.image, "image", ("JPEG",)))


def _open_image(
    data: bytes, encoding: Encoding, may_be_jpeg: bool
) -> Png | Jpeg:
    """Verifies a picture's frame; converts another kind where allowed."""
    if data.startswith(jpeg.SIGNATURE):
        picture = jpeg.check(data)
        if picture and may_be_jpeg:
            return picture
        kind, is_other = "a JPEG" if picture else "a grey or CMYK JPEG", True
    else:
        other = png.check(data, (), "image")
        kind = other.header.kind
        if kind in PICTURE_KINDS:
            return other
        other.verify_pixels()
        is_other = kind in _OTHER_KINDS
    if is_other and encoding.convert_pictures:
        return _to_rgb(data, encoding)
    hint = "; --convert_pictures stores it as that" if is_other else ""
    raise BadPictureError(f"image is {kind}, should be 8-bit RGB PNG{hint}")


def _to_rgb(data: bytes, encoding: Encoding) -> Png:
    """Turns a picture of another kind into an RGB PNG."""
    picture = png.decode_any(data, "image", ("PNG", "JPEG"))
    alpha = np.asarray(picture.convert("RGBA"))[..., 3]
    if alpha.min() < 255:
        raise BadPictureError(
            "image has transparent pixels, which no network sees; lay it on a "
            "background"
        )
    pixels = np.asarray(picture.convert("RGB"))
    content = png.encode(pixels, encoding.png_level)
    return png.check(content, PICTURE_KINDS, "image")


def _different_sizes(label: tuple[int, int], image: tuple[int, int]) -> str:
    """Says that a label map does not fit its picture."""
    line = f"label is {label[0]}x{label[1]}, its image {image[0]}x{image[1]}"
    if label == image[::-1]:
        line += "; ids are of the pixels as stored, before any EXIF rotation"
    return line


def _store_image(picture: Png | Jpeg, encoding: Encoding) -> tuple[bytes, str]:
    """Returns the picture's bytes as the encoding wants them, their format."""
    passes = picture.format in ("jpeg", encoding.image_format)
    if not encoding.size and passes:
        if encoding.check_pixels:
            picture.verify_pixels()
        return picture.data, picture.format
    pixels = picture.decode()
    if encoding.size:
        large = Image.fromarray(pixels)
        size = encoding.size[::-1]
        pixels = np.asarray(large.resize(size, Image.Resampling.BOX))
    if encoding.image_format == "png":
        return png.encode(pixels, encoding.png_level), "png"
    height, width = pixels.shape[:2]
    if max(height, width) > MAX_JPEG_SIDE:
        raise BadPictureError(
            f"image is {height}x{width}, a JPEG has at most {MAX_JPEG_SIDE} "
            "pixels a side; --image_format=png has no such bound"
        )
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer, "JPEG", quality=encoding.jpeg_quality, subsampling=0
    )
    return buffer.getvalue(), "jpeg"
