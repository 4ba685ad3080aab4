"""8-bit PNGs: proved by their chunks, decoded fast, encoded plain."""

import dataclasses
import io
import struct
import zlib

import numpy as np
from PIL import Image
from zlib_ng import zlib_ng

from preprocess.errors import BadPictureError

try:
    from preprocess.records import png_rows
except ImportError:  # The installation found no C compiler.
    png_rows = None

IS_FAST = png_rows is not None
"""Whether this package's own C undoes the row filters."""

MAX_PIXELS = 1 << 26
"""67 million pixels, 32 times a Cityscapes frame; more is taken for a bomb."""

GREY, RGB = 0, 2
"""PNG's colour types of a label map and of a picture."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">IIBBBBB")
_COLOR_TYPES = {0: "grey", 2: "RGB", 3: "palette", 4: "grey+alpha", 6: "RGBA"}


@dataclasses.dataclass(frozen=True)
class Png:
    """A PNG whose chunks are proved; its pixels are not decoded yet.

    Attributes:
        data: The file's bytes.
        what: What to call it in an error: "image" or "label".
        height: Rows.
        width: Pixels a row.
        color_type: `GREY` or `RGB`.
        interlaced: Whether the rows stand in Adam7's order.
        pixel_spans: (begin, end) of the compressed pixels' parts in `data`.
    """

    data: bytes
    what: str
    height: int
    width: int
    color_type: int
    interlaced: bool
    pixel_spans: tuple[tuple[int, int], ...]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.height, self.width

    def decode(self) -> np.ndarray:
        """Decodes the pixels: (H, W) or (H, W, 3) uint8.

        Raises:
            BadPictureError: They cannot be decoded.
        """
        if png_rows is None or self.interlaced:
            return np.asarray(decode_any(self.data, self.what))
        try:
            return self._decode_rows()
        except (ValueError, zlib_ng.error) as error:
            raise _undecodable(self.what, error) from error

    def _decode_rows(self) -> np.ndarray:
        pixel_bytes = 3 if self.color_type == RGB else 1
        row_bytes = self.width * pixel_bytes
        num_bytes = self.height * (1 + row_bytes)
        view = memoryview(self.data)
        compressed = b"".join(view[slice(*span)] for span in self.pixel_spans)
        inflate = zlib_ng.decompressobj()
        filtered = inflate.decompress(compressed, num_bytes)
        if len(filtered) < num_bytes:
            raise ValueError(
                f"its pixels end in row {len(filtered) // (1 + row_bytes)}"
            )
        shape = self.size + (3,) * (self.color_type == RGB)
        pixels = np.empty(shape, np.uint8)
        png_rows.unfilter(filtered, self.height, row_bytes, pixel_bytes, pixels)
        return pixels


def check(data: bytes, color_type: int, what: str) -> Png:
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
    chunks = list(_walk_chunks(data, what))
    kind, begin, end = chunks[0]
    if kind != b"IHDR" or end - begin != _HEADER.size:
        raise BadPictureError(f"{what} has no PNG header")
    width, height, bits, color, _, _, interlaced = _HEADER.unpack(
        data[begin:end]
    )
    if bits != 8 or color != color_type:
        mode = _COLOR_TYPES.get(color, "unknown")
        raise BadPictureError(
            f"{what} is {bits}-bit {mode}, should be 8-bit "
            f"{_COLOR_TYPES[color_type]}"
        )
    if not 0 < height * width <= MAX_PIXELS:
        raise BadPictureError(
            f"{what} claims {height}x{width} pixels, the limit is {MAX_PIXELS}"
        )
    spans = tuple(
        (begin, end) for kind, begin, end in chunks if kind == b"IDAT"
    )
    return Png(data, what, height, width, color, bool(interlaced), spans)


def decode_any(data: bytes, what: str) -> Image.Image:
    """Decodes a picture of any format that Pillow reads, e.g. a JPEG.

    Raises:
        BadPictureError: Its pixels cannot be decoded.
    """
    try:
        picture = Image.open(io.BytesIO(data))
        picture.load()
    except (OSError, SyntaxError, ValueError, zlib.error) as error:
        raise _undecodable(what, error) from error
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
    header = _HEADER.pack(width, height, 8, color_type, 0, 0, 0)
    # Not zlib-ng: what it makes of the same rows may change with its version.
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows, level)),
            _chunk(b"IEND", b""),
        )
    )


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
        if zlib_ng.crc32(view[at + 4 : end]) != crc:
            raise BadPictureError(
                f"{what} is damaged: chunk {kind!r} at byte {at} fails its CRC"
            )
        yield kind, begin, end
        at = end + 4


def _undecodable(what: str, error: Exception) -> BadPictureError:
    return BadPictureError(f"{what} cannot be decoded: {error}")


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(content, zlib.crc32(kind))
    return b"".join(
        (len(content).to_bytes(4, "big"), kind, content, crc.to_bytes(4, "big"))
    )
