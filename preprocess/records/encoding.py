"""Bytes of a source file → checked PNG → (resized) → record."""

import dataclasses
import io

import numpy as np
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.options import Encoding
from preprocess.records import label_maps, png
from schemas import example
from schemas.pictures import (
    LABEL_FILE_KINDS,
    PALETTE_KINDS,
    PICTURE_KINDS,
)

_JPEG_START = b"\xff\xd8\xff"
_OTHER_KINDS = (
    "8-bit RGBA",
    "8-bit grey",
    "8-bit grey+alpha",
    *PALETTE_KINDS,
)
"""Pictures that become RGB with `convert_pictures`, as JPEGs do."""


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
    """Checks a frame's two files and builds its record.

    A native picture passes through byte for byte, its pixel stream verified
    unless the encoding says otherwise.  A label map is always decoded, for
    its ids; both hold their pixels as stored, before any EXIF rotation.

    Args:
        name: The frame's stem.
        image: The picture's PNG, 8-bit RGB.
        label: The label map's PNG, of the picture's size and one of
            `LABEL_FILE_KINDS`; or None.
        encoding: How to store them.

    Raises:
        BadPictureError: A PNG is damaged, of another kind, of another size
            than its partner, or holds an id or a color that is no class's.
    """
    picture = _open_image(image, encoding)
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
        _store_image(picture, encoding),
        encoding.image_format,
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


def _open_image(data: bytes, encoding: Encoding) -> png.Png:
    """Verifies a picture's chunks; converts another kind where allowed."""
    if data.startswith(_JPEG_START):
        kind, is_other = "a JPEG", True
    else:
        picture = png.check(data, (), "image")
        kind = picture.header.kind
        if kind in PICTURE_KINDS:
            return picture
        picture.verify_pixels()
        is_other = kind in _OTHER_KINDS
    if is_other and encoding.convert_pictures:
        return _to_rgb(data, encoding)
    hint = "; --convert_pictures stores it as that" if is_other else ""
    raise BadPictureError(f"image is {kind}, should be 8-bit RGB PNG{hint}")


def _to_rgb(data: bytes, encoding: Encoding) -> png.Png:
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


def _store_image(picture: png.Png, encoding: Encoding) -> bytes:
    """Returns the picture's bytes as the encoding wants them."""
    if not encoding.size and encoding.image_format == "png":
        if encoding.check_pixels:
            picture.verify_pixels()
        return picture.data
    pixels = picture.decode()
    if encoding.size:
        large = Image.fromarray(pixels)
        size = encoding.size[::-1]
        pixels = np.asarray(large.resize(size, Image.Resampling.BOX))
    if encoding.image_format == "png":
        return png.encode(pixels, encoding.png_level)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer, "JPEG", quality=encoding.jpeg_quality, subsampling=0
    )
    return buffer.getvalue()
