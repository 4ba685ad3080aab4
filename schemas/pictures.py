"""What picture files may be, for both sides: formats, sizes, kinds of PNG.

Nothing here decodes a pixel: whatever a file claims is checked first.
"""

import dataclasses
import struct

PICTURE_SUFFIXES = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jfif"),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
}
"""Pillow's name of each format that a network is applied to → its suffixes.

Every other format stays closed: Pillow hands PostScript, for one, to an
interpreter, and then a picture is a program.
"""

JPEG_SUFFIXES = PICTURE_SUFFIXES["JPEG"]

MAX_PIXELS = 1 << 26
"""67 million pixels, 32 times a Cityscapes frame; a larger picture is refused
by its header, before its pixels take memory."""

MAX_JPEG_SIDE = 65_500
"""Rows, or pixels a row, that libjpeg encodes and decodes."""

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
"""PNG's colour types."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_HEADER = struct.Struct(">IIBBBBB")
PNG_HEADER_AT = len(PNG_SIGNATURE) + 8  # after the chunk's length and name

PICTURE_KINDS = ("8-bit RGB",)
"""What a record's picture is, as `PngHeader.kind` names it."""

LABEL_KINDS = ("8-bit grey",)
"""What a record's label map is: its grey values are the ids."""

PALETTE_KINDS = tuple(f"{bits}-bit palette" for bits in (8, 4, 2, 1))
ID_KINDS = (
    *LABEL_KINDS,
    *PALETTE_KINDS,
    *(f"{bits}-bit grey" for bits in (4, 2, 1, 16)),
)
"""What a file of ids may be: grey values, or the indices of a palette."""

LABEL_FILE_KINDS = (*ID_KINDS, *PICTURE_KINDS)
"""What a label map's file may be: ids, or the classes' colours."""

_JPEG_START = b"\xff\xd8"
_JPEG_FRAME = struct.Struct(">HBHHB")
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2}
"""Markers of the frames that every reader decodes: Huffman-coded, by DCT."""

_JPEG_OTHER_FRAMES = {*range(0xC3, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_PIXELS = 0xDA
_CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
_NAMES = {
    GREY: "grey",
    RGB: "RGB",
    PALETTE: "palette",
    GREY_ALPHA: "grey+alpha",
    RGBA: "RGBA",
}
_BITS = {
    GREY: (1, 2, 4, 8, 16),
    RGB: (8, 16),
    PALETTE: (1, 2, 4, 8),
    GREY_ALPHA: (8, 16),
    RGBA: (8, 16),
}


@dataclasses.dataclass(frozen=True)
class PngHeader:
    """What a PNG claims to be.

    Attributes:
        height: Rows.
        width: Pixels a row.
        bits: Bits a channel.
        color_type: One of PNG's colour types.
        interlaced: Whether the rows stand in Adam7's order.
    """

    height: int
    width: int
    bits: int
    color_type: int
    interlaced: bool

    @property
    def kind(self) -> str:
        """The kind of pixels in words, such as "8-bit RGB"."""
        return f"{self.bits}-bit {_NAMES[self.color_type]}"

    def row_bytes(self, width: int) -> int:
        """Returns the bytes of a row of so many pixels, without its filter."""
        return (width * self.bits * _CHANNELS[self.color_type] + 7) // 8


def parse_png_header(content: bytes) -> PngHeader:
    """Reads what a PNG claims to be; checks neither CRCs nor pixels.

    Raises:
        ValueError: It is no PNG, its header means nothing, or it claims
            more than `MAX_PIXELS`; the message completes "It is".
    """
    if not content.startswith(PNG_SIGNATURE):
        raise ValueError("not a PNG")
    if len(content) < PNG_HEADER_AT + PNG_HEADER.size:
        raise ValueError(f"truncated at byte {len(content)}")
    if content[8:16] != b"\x00\x00\x00\x0dIHDR":
        raise ValueError("a PNG without a header")
    width, height, bits, color_type, compression, filters, interlaced = (
        PNG_HEADER.unpack_from(content, PNG_HEADER_AT)
    )
    if bits not in _BITS.get(color_type, ()):
        raise ValueError(
            f"a PNG of colour type {color_type} with {bits} bits, which PNG "
            "does not have"
        )
    for name, value, most in (
        ("compression", compression, 0),
        ("filter", filters, 0),
        ("interlace", interlaced, 1),
    ):
        if value > most:
            raise ValueError(
                f"a PNG of {name} method {value}, which PNG does not have"
            )
    check_size(height, width)
    return PngHeader(height, width, bits, color_type, bool(interlaced))


@dataclasses.dataclass(frozen=True)
class JpegHeader:
    """What a JPEG claims to be.

    Attributes:
        height: Rows.
        width: Pixels a row.
        channels: 1 of grey, 3 of color, 4 of CMYK.
        pixels_at: Where the first of its pixels begin.
    """

    height: int
    width: int
    channels: int
    pixels_at: int


def parse_jpeg_header(content: bytes) -> JpegHeader:
    """Reads what a JPEG claims to be; looks at no pixel.

    Raises:
        ValueError: It is no JPEG, its header means nothing, or it claims
            more than `MAX_PIXELS`; the message completes "It is".
    """
    if not content.startswith(_JPEG_START):
        raise ValueError("not a JPEG")
    at, frame = len(_JPEG_START), None
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            raise ValueError(f"a JPEG without a marker at byte {at}")
        marker = content[at + 1]
        if marker == 0xFF:  # It fills up.
            at += 1
            continue
        if marker == _JPEG_PIXELS and frame:
            return JpegHeader(*frame, at)
        if marker in _JPEG_OTHER_FRAMES or marker == _JPEG_PIXELS:
            raise ValueError("a JPEG of a kind that readers do not decode")
        if marker in _JPEG_FRAMES:
            frame = _parse_jpeg_frame(content, at + 2)
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    raise ValueError(f"truncated at byte {len(content)}")


def _parse_jpeg_frame(content: bytes, at: int) -> tuple[int, int, int]:
    """Reads (height, width, channels) of a JPEG's frame header."""
    if len(content) < at + _JPEG_FRAME.size:
        raise ValueError(f"truncated at byte {len(content)}")
    _, bits, height, width, channels = _JPEG_FRAME.unpack_from(content, at)
    if bits != 8:
        raise ValueError(f"a JPEG of {bits} bits a channel, which should be 8")
    check_size(height, width)
    return height, width, channels


def check_size(height: int, width: int) -> None:
    """Checks the size that a picture claims.

    Raises:
        ValueError: It has no pixels, or more than `MAX_PIXELS`.
    """
    if not 0 < height * width <= MAX_PIXELS:
        raise ValueError(
            f"a picture of {height}x{width} pixels by its header; 1 to "
            f"{MAX_PIXELS} are taken"
        )
