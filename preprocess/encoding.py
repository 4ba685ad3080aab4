"""Bytes of a source file → checked PNG → (resized) → record."""

import dataclasses
import io
import struct
import zlib

import numpy as np
from PIL import Image

from preprocess.errors import BadPictureError
from schemas import example, labels, manifest

MAX_PIXELS = 1 << 26
"""67 million pixels, 32 times a Cityscapes frame; more is taken for a bomb."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">IIBBBBB")
RGB, GREY = 2, 0
"""PNG's colour types of a picture and of a label map."""

_COLOR_TYPES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey+alpha", 6: "RGBA"}
_LABEL_LEVEL = 6


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How frames are stored; all that decides a record's bytes.

    Attributes:
        image_size: (height, width) to resize to, or `manifest.NATIVE`.
        image_format: `png` or `jpeg`; label maps are always PNG.
        jpeg_quality: 1..100, of JPEG pictures.
        label_space: `label_ids` or `train_ids`.
    """

    image_size: tuple[int, int] | str = manifest.NATIVE
    image_format: str = "png"
    jpeg_quality: int = 95
    label_space: str = "label_ids"

    @property
    def is_native(self) -> bool:
        """Whether pictures keep their size."""
        return self.image_size == manifest.NATIVE


@dataclasses.dataclass(frozen=True)
class PngHeader:
    """The IHDR chunk's fields that matter here."""

    height: int
    width: int
    bit_depth: int
    color_type: int


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
    header = check_png(image, RGB, "image")
    size = (header.height, header.width)
    stored_label, class_pixels = b"", None
    if label is not None:
        stored_label, class_pixels = _store_label(label, size, encoding)
    record = example.Record(
        name,
        _store_image(image, encoding),
        encoding.image_format,
        stored_label,
        *(size if encoding.is_native else encoding.image_size),
    )
    return EncodedFrame(record, class_pixels)


def check_png(data: bytes, color_type: int, what: str) -> PngHeader:
    """Proves a PNG by its chunks' CRCs, without inflating it.

    Args:
        data: The file's bytes.
        color_type: The colour type that it must have, at 8 bits.
        what: What to call it in an error: "image" or "label".

    Raises:
        BadPictureError: Not a whole PNG, of another kind, or too large.
    """
    if not data.startswith(_SIGNATURE):
        raise BadPictureError(f"{what} is not a PNG")
    header = None
    for kind, begin, end in _walk_chunks(data, what):
        if header is None:
            if kind != b"IHDR" or end - begin != _HEADER.size:
                raise BadPictureError(f"{what} has no PNG header")
            width, height, bits, color, *_ = _HEADER.unpack(data[begin:end])
            header = PngHeader(height, width, bits, color)
            _check_header(header, color_type, what)
    return header


def decode(data: bytes, what: str) -> Image.Image:
    """Decodes a checked picture whole.

    Raises:
        BadPictureError: Its pixels cannot be decoded.
    """
    try:
        picture = Image.open(io.BytesIO(data))
        picture.load()
    except (OSError, SyntaxError, ValueError, zlib.error) as error:
        raise BadPictureError(f"{what} cannot be decoded: {error}") from error
    return picture


def decode_label(
    data: bytes, space: labels.LabelSpace
) -> tuple[Image.Image, list[int]]:
    """Decodes a label map and counts its ids.

    Args:
        data: A one-channel 8-bit PNG.
        space: The label space of its ids; 255 fits trainIds only.

    Returns:
        The (H, W) uint8 map and its 256 counts.

    Raises:
        BadPictureError: It cannot be decoded or holds a wrong id.
    """
    ids = decode(data, "label")
    counts = ids.histogram()
    end = labels.IGNORE_ID + (space is labels.LABEL_IDS)
    wrong = [i for i in range(space.num_classes, end) if counts[i]]
    if wrong:
        raise BadPictureError(
            f"label holds id {wrong[0]} in {counts[wrong[0]]} pixels, "
            f"{space.name} are 0..{space.num_classes - 1}"
        )
    return ids, counts


def resize(
    picture: Image.Image, size: tuple[int, int], resample: Image.Resampling
) -> Image.Image:
    """Resizes to (height, width)."""
    return picture.resize(size[::-1], resample)


def encode_png(pixels: np.ndarray, level: int) -> bytes:
    """Encodes (H, W) or (H, W, 3) uint8 as a PNG without row filters.

    At level 0, stored, readers decode it about three times as fast as a
    filtered level-6 PNG of the same picture.
    """
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + pixels[0].size), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    color_type = RGB if pixels.ndim == 3 else GREY
    header = _HEADER.pack(width, height, 8, color_type, 0, 0, 0)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows, level)),
            _chunk(b"IEND", b""),
        )
    )


def _store_image(data: bytes, encoding: Encoding) -> bytes:
    """Returns the picture's bytes as the encoding wants them."""
    if encoding.is_native and encoding.image_format == "png":
        return data
    picture = decode(data, "image")
    if not encoding.is_native:
        picture = resize(picture, encoding.image_size, Image.Resampling.BOX)
    if encoding.image_format == "png":
        return encode_png(np.asarray(picture), level=0)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=encoding.jpeg_quality, subsampling=0)
    return buffer.getvalue()


def _store_label(
    data: bytes, image_size: tuple[int, int], encoding: Encoding
) -> tuple[bytes, np.ndarray]:
    """Returns the label map's bytes and the pixels of each class."""
    header = check_png(data, GREY, "label")
    if (header.height, header.width) != image_size:
        raise BadPictureError(
            f"label is {header.height}x{header.width}, its image "
            f"{image_size[0]}x{image_size[1]}"
        )
    ids, counts = decode_label(data, labels.LABEL_IDS)
    stored = data
    space = labels.LABEL_SPACES[encoding.label_space]
    if space is labels.TRAIN_IDS:
        ids = ids.point(labels.LABEL_TO_TRAIN.tolist())
    if not encoding.is_native:
        ids = resize(ids, encoding.image_size, Image.Resampling.NEAREST)
    if space is labels.TRAIN_IDS or not encoding.is_native:
        counts = ids.histogram()
        level = _LABEL_LEVEL if encoding.is_native else 0
        stored = encode_png(np.asarray(ids), level)
    return stored, np.array(counts[: space.num_classes], np.int64)


def _walk_chunks(data: bytes, what: str):
    """Yields (kind, begin, end) of each chunk's content, its CRC proved."""
    view, at, kind = memoryview(data), len(_SIGNATURE), b""
    while kind != b"IEND":
        if len(data) < at + 8:
            raise BadPictureError(f"{what} is truncated at byte {len(data)}")
        length = int.from_bytes(view[at : at + 4], "big")
        kind, begin, end = data[at + 4 : at + 8], at + 8, at + 8 + length
        if len(data) < end + 4:
            raise BadPictureError(f"{what} is truncated at byte {len(data)}")
        crc = int.from_bytes(view[end : end + 4], "big")
        if zlib.crc32(view[at + 4 : end]) != crc:
            raise BadPictureError(
                f"{what} is damaged: chunk {kind!r} at byte {at} fails its CRC"
            )
        yield kind, begin, end
        at = end + 4


def _check_header(header: PngHeader, color_type: int, what: str) -> None:
    if header.bit_depth != 8 or header.color_type != color_type:
        mode = _COLOR_TYPES.get(header.color_type, "unknown")
        raise BadPictureError(
            f"{what} is {header.bit_depth}-bit {mode}, should be 8-bit "
            f"{_COLOR_TYPES[color_type]}"
        )
    if not 0 < header.height * header.width <= MAX_PIXELS:
        raise BadPictureError(
            f"{what} claims {header.height}x{header.width} pixels, the limit "
            f"is {MAX_PIXELS}"
        )


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(content, zlib.crc32(kind))
    return b"".join(
        (len(content).to_bytes(4, "big"), kind, content, crc.to_bytes(4, "big"))
    )
