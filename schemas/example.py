"""The record: one street scene and its label map as a tf.train.Example.

The keys are those that DeepLab and DeepLab2 write and that TF Model Garden
and, through `schemas.descriptions.tfds`, TensorFlow Datasets read.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from google.protobuf.message import DecodeError

from schemas import example_pb2, pictures

IMAGE_ENCODED = "image/encoded"
IMAGE_FILENAME = "image/filename"
IMAGE_FORMAT = "image/format"
IMAGE_HEIGHT = "image/height"
IMAGE_WIDTH = "image/width"
IMAGE_CHANNELS = "image/channels"
LABEL_ENCODED = "image/segmentation/class/encoded"
LABEL_FORMAT = "image/segmentation/class/format"

FEATURES = {
    IMAGE_ENCODED: bytes,
    IMAGE_FILENAME: bytes,
    IMAGE_FORMAT: bytes,
    IMAGE_HEIGHT: int,
    IMAGE_WIDTH: int,
    IMAGE_CHANNELS: int,
    LABEL_ENCODED: bytes,
    LABEL_FORMAT: bytes,
}
"""Every key with its kind, each one value: `bytes` → bytes_list, `int` →
int64_list.  Parsers are built from this table."""

NAME = r"(?!\.)[^/\\\x00-\x1f\x7f\ud800-\udfff]{1,200}"
"""The names that a frame may have, as a regular expression."""

_Header = TypeVar("_Header", pictures.PngHeader, pictures.JpegHeader)


@dataclasses.dataclass(frozen=True)
class Record:
    """One example's content.

    Attributes:
        name: The frame's stem, `<city>_<seq>_<frame>`.
        image: The encoded picture, (height, width, 3) uint8 in [0, 255].
        image_format: `png` or `jpeg`.
        label: The one-channel 8-bit PNG of class ids, of the picture's size;
            empty where the split has no labels.
        height: The stored picture's height in pixels.
        width: The stored picture's width in pixels.
    """

    name: str
    image: bytes
    image_format: str
    label: bytes
    height: int
    width: int


def encode(record: Record) -> bytes:
    """Serializes a record as tf.train.Example, always to the same bytes.

    They are those of protobuf's deterministic serialization of
    `example.proto`, put together here because protobuf takes 3.5 ms for a
    picture of 2 MB, most of what a native frame costs to convert.
    """
    values: dict[str, bytes | int] = {
        IMAGE_ENCODED: record.image,
        IMAGE_FILENAME: record.name.encode(),
        IMAGE_FORMAT: record.image_format.encode(),
        IMAGE_HEIGHT: record.height,
        IMAGE_WIDTH: record.width,
        IMAGE_CHANNELS: 3,
        LABEL_ENCODED: record.label,
        LABEL_FORMAT: b"png",
    }
    features = []
    for key in sorted(FEATURES):
        entry = _field(1, [key.encode()]) + _field(2, _feature(values[key]))
        features += _field(1, entry)
    return b"".join(_field(1, features))


def decode(serialized: bytes) -> Record:
    """Parses one serialized example.

    Raises:
        ValueError: It is no tf.train.Example, or a key is missing, is of
            another kind or does not hold exactly one value, or the name
            could lead out of a folder.
    """
    try:
        example = example_pb2.Example.FromString(serialized)
    except DecodeError as error:
        raise ValueError(f"not a tf.train.Example: {error}") from error
    feature = example.features.feature
    texts: dict[str, bytes] = {}
    numbers: dict[str, int] = {}
    for key, kind in FEATURES.items():
        if kind is bytes:
            texts[key] = _single_value(feature, key, "bytes_list")
        else:
            numbers[key] = _single_value(feature, key, "int64_list")
    try:
        name = texts[IMAGE_FILENAME].decode()
        image_format = texts[IMAGE_FORMAT].decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"a name or format is not UTF-8: {error}") from error
    check_name(name)
    return Record(
        name=name,
        image=texts[IMAGE_ENCODED],
        image_format=image_format,
        label=texts[LABEL_ENCODED],
        height=numbers[IMAGE_HEIGHT],
        width=numbers[IMAGE_WIDTH],
    )


def check_pictures(record: Record) -> None:
    """Checks what a record's pictures claim, before any pixel is decoded.

    Raises:
        ValueError: One is of another size than the record says, or too
            large, or the label map is not of `pictures.LABEL_KINDS`.
    """
    size = (record.height, record.width)
    pictures.check_size(*size)
    if record.image_format == "jpeg":
        _check_header("image", pictures.parse_jpeg_header, record.image, size)
    else:
        _check_header("image", pictures.parse_png_header, record.image, size)
    if not record.label:
        return
    label = _check_header(
        "label", pictures.parse_png_header, record.label, size
    )
    if label.kind not in pictures.LABEL_KINDS:
        raise ValueError(
            f"label is {label.kind}, should be {pictures.LABEL_KINDS[0]}"
        )


def _check_header(
    what: str,
    parse: Callable[[bytes], _Header],
    content: bytes,
    size: tuple[int, int],
) -> _Header:
    """Reads a header; raises ValueError where it is of another size."""
    try:
        header = parse(content)
    except ValueError as error:
        raise ValueError(f"{what} is {error}") from error
    if (header.height, header.width) != size:
        raise ValueError(
            f"{what} is {header.height}x{header.width}, the record says "
            f"{size[0]}x{size[1]}"
        )
    return header


def check_name(name: str) -> None:
    """Checks that a frame's name can stand for a file, and for no other one.

    Raises:
        ValueError: It holds slashes or unprintable characters, begins with a
            dot, is empty or longer than 200 characters.
    """
    if not re.fullmatch(NAME, name):
        raise ValueError(f"{name[:80]!a} cannot be a frame's name")


def _single_value(
    feature_map: Mapping[str, Any], key: str, list_name: str
) -> Any:
    """Returns the one value of a feature: bytes or int, by its list."""
    if key not in feature_map:
        raise ValueError(f"the example has no feature {key!r}")
    values = getattr(feature_map[key], list_name).value
    if len(values) != 1:
        raise ValueError(
            f"feature {key!r} should hold one value in its {list_name}, "
            f"holds {len(values)}"
        )
    return values[0]


def _feature(value: bytes | int) -> list[bytes]:
    """Returns the parts of a Feature that holds one value."""
    if isinstance(value, bytes):
        return _field(1, _field(1, [value]))
    return _field(3, _field(1, [_varint(value)]))


def _field(number: int, parts: list[bytes]) -> list[bytes]:
    """Returns the parts of a length-delimited protobuf field."""
    length = sum(map(len, parts))
    return [bytes([number << 3 | 2]) + _varint(length), *parts]


def _varint(value: int) -> bytes:
    """Encodes a number of 0 or more as protobuf does."""
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
