"""PNGs: verified by their chunks and pixel streams, decoded, encoded."""

import dataclasses
import io
import zlib

import numpy as np
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.records import png_chunks
from preprocess.records.pixel_stream import PixelStream, undecodable
from schemas.pictures import (
    GREY,
    PALETTE,
    PNG_HEADER,
    PNG_HEADER_AT,
    PNG_SIGNATURE,
    RGB,
    PngHeader,
    check_size,
    parse_png_header,
)

try:
    from preprocess.records import png_rows
except ImportError:  # The installation found no C compiler.
    png_rows = None  # type: ignore[assignment]

Image.MAX_IMAGE_PIXELS = None  # `check_size` is stricter, and names the file.

IS_FAST = png_rows is not None
"""Whether this package's own C undoes the row filters."""

_COLOR_TYPE_AT = 9


@dataclasses.dataclass(frozen=True)
class Png:
    """A PNG whose chunks are verified; its pixels are not decoded yet.

    Attributes:
        data: The file's bytes.
        what: What to call it in an error: "image" or "label".
        header: What it claims to be.
        pixel_spans: (begin, end) of the compressed pixels' parts in `data`.
    """

    data: bytes
    what: str
    header: PngHeader
    pixel_spans: tuple[png_chunks.Span, ...]
    format = "png"

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.header.height, self.header.width

    def verify_pixels(self) -> None:
        """Verifies what a decoder needs, in half of its time.

        Raises:
            BadPictureError: The pixels cannot be decoded.
        """
        self._stream.verify()

    def decode(self) -> np.ndarray:
        """Decodes the pixels of 8-bit RGB, or those that are ids.

        Returns:
            (H, W, 3) uint8, or (H, W) grey values or palette indices: uint8,
            of 16 bits uint16.

        Raises:
            BadPictureError: They cannot be decoded.
        """
        header = self.header
        pixel_bytes = header.row_bytes(1)
        if png_rows is None or header.interlaced or header.bits != 8:
            self.verify_pixels()
            return np.asarray(decode_any(self._without_extras(), self.what))
        filtered = self._stream.read()
        shape = self.size + (3,) * (header.color_type == RGB)
        pixels = np.empty(shape, np.uint8)
        row_bytes = header.row_bytes(header.width)
        try:
            png_rows.unfilter(
                filtered, header.height, row_bytes, pixel_bytes, pixels
            )
        except ValueError as error:
            raise undecodable(self.what, error) from error
        return pixels

    def _without_extras(self) -> bytes:
        """Returns the PNG with the chunks alone that its pixels need.

        Pillow refuses a PNG for damage in the others, which no reader of
        records looks at.
        """
        parts = [self.data[slice(*span)] for span in self.pixel_spans]
        header = bytearray(
            self.data[PNG_HEADER_AT : PNG_HEADER_AT + PNG_HEADER.size]
        )
        is_grey = self.header.color_type == GREY
        if is_grey and self.header.bits < 8:  # Pillow would scale the values.
            header[_COLOR_TYPE_AT] = PALETTE
        chunks = [_chunk(b"IHDR", bytes(header))]
        if header[_COLOR_TYPE_AT] == PALETTE:  # Any: the indices are wanted.
            chunks.append(_chunk(b"PLTE", bytes(3 << self.header.bits)))
        chunks.append(_chunk(b"IDAT", b"".join(parts)))
        return b"".join((PNG_SIGNATURE, *chunks, _chunk(b"IEND", b"")))

    @property
    def _stream(self) -> PixelStream:
        return PixelStream(self.data, self.what, self.header, self.pixel_spans)


def check(data: bytes, kinds: tuple[str, ...], what: str) -> Png:
    """Verifies a PNG's header and chunks, without inflating its pixels.

    Args:
        data: The file's bytes.
        kinds: The kinds of pixels that it may have, the usual one first;
            empty where any will do.
        what: What to call it in an error: "image" or "label".

    Raises:
        BadPictureError: Not a complete PNG, of another kind, or too large.
    """
    try:
        header = parse_png_header(data)
    except ValueError as error:
        raise BadPictureError(f"{what} is {error}") from error
    if kinds and header.kind not in kinds:
        raise BadPictureError(
            f"{what} is {header.kind}, should be {' or '.join(kinds[:2])}"
        )
    return Png(data, what, header, png_chunks.pixel_spans(data, header, what))


def decode_any(
    data: bytes, what: str, formats: tuple[str, ...] = ("PNG",)
) -> Image.Image:
    """Decodes a PNG of any kind by Pillow, or another format.

    Args:
        data: The file's bytes.
        what: What to call it in an error: "image" or "label".
        formats: Pillow's names of the formats that it may have.

    Raises:
        BadPictureError: It has none of them, is too large, or its pixels
            cannot be decoded.
    """
    try:
        picture = Image.open(io.BytesIO(data), formats=formats)
    except Exception as error:  # Pillow lets through what damage brings up.
        raise BadPictureError(
            f"{what} is not a {' or '.join(formats)}"
        ) from error
    try:
        check_size(picture.height, picture.width)
    except ValueError as error:
        raise BadPictureError(f"{what} is {error}") from error
    try:
        picture.load()
    except Exception as error:
        raise undecodable(what, error) from error
    return picture


def histogram(pixels: np.ndarray) -> list[int]:
    """Counts the 256 values of an (H, W) uint8 map."""
    if png_rows is None:
        return Image.fromarray(pixels).histogram()
    return png_rows.histogram(pixels)


def encode(pixels: np.ndarray, level: int) -> bytes:
    """Encodes (H, W) or (H, W, 3) uint8 as a PNG without row filters.

    At level 0, stored, readers decode it about three times as fast as a
    filtered level-6 PNG of the same picture.
    """
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + pixels[0].size), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    color_type = RGB if pixels.ndim == 3 else GREY
    header = PNG_HEADER.pack(width, height, 8, color_type, 0, 0, 0)
    # Not ISA-L: what it makes of the same rows may change with its version.
    return b"".join(
        (
            PNG_SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows.data, level)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(content, zlib.crc32(kind))
    return b"".join(
        (len(content).to_bytes(4, "big"), kind, content, crc.to_bytes(4, "big"))
    )
