"""PNGs as files hold them: harmless flavours, and those that readers refuse.

Each has its chunks' CRCs right; what is wrong, or odd, is what they hold.
"""

import struct
import zlib

import numpy as np

from tests.trees import png_chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
Chunks = list[tuple[bytes, bytes]]

_ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2),
          (0, 1, 2, 2), (1, 0, 2, 1)]  # fmt: skip


def file_of(chunks: Chunks) -> bytes:
    """Joins chunks, each with the CRC that fits, to a file."""
    return SIGNATURE + b"".join(png_chunk(*chunk) for chunk in chunks)


def header(
    pixels: np.ndarray,
    color_type: int | None = None,
    methods: tuple[int, int, int] = (0, 0, 0),
) -> tuple[bytes, bytes]:
    """Returns an IHDR of 8-bit pixels; methods: compression, filter, order."""
    if color_type is None:
        color_type = 2 if pixels.ndim == 3 else 0
    height, width = pixels.shape[:2]
    content = struct.pack(">IIBBBBB", width, height, 8, color_type, *methods)
    return b"IHDR", content


def rows_of(pixels: np.ndarray) -> bytes:
    """Returns (H, W) or (H, W, 3) uint8 as rows, each with the filter 0."""
    flat = pixels.reshape(pixels.shape[0], -1)
    return np.pad(flat, ((0, 0), (1, 0))).tobytes()


def grey(ids: np.ndarray, bits: int) -> bytes:
    """Encodes ids as grey values of so many bits, which Pillow cannot."""
    if bits == 16:
        rows = ids.astype(">u2").view(np.uint8).reshape(len(ids), -1)
    else:
        digits = np.unpackbits(ids[..., None], axis=-1)[..., 8 - bits :]
        rows = np.packbits(digits.reshape(len(ids), -1), axis=-1)
    head = struct.pack(">IIBBBBB", *ids.shape[::-1], bits, 0, 0, 0, 0)
    packed = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes())
    return file_of([(b"IHDR", head), (b"IDAT", packed), (b"IEND", b"")])


def interlaced(pixels: np.ndarray) -> bytes:
    """Encodes (H, W) or (H, W, 3) uint8 in Adam7's order."""
    rows = b"".join(
        rows_of(pixels[y::row_step, x::column_step])
        for y, x, row_step, column_step in _ADAM7
        if pixels[y::row_step, x::column_step].size
    )
    parts = header(pixels, methods=(0, 0, 1)), (b"IDAT", zlib.compress(rows))
    return file_of([*parts, (b"IEND", b"")])


def plain(pixels: np.ndarray) -> Chunks:
    """Returns the three chunks that every PNG has."""
    packed = zlib.compress(rows_of(pixels))
    return [header(pixels), (b"IDAT", packed), (b"IEND", b"")]


def invalid(pixels: np.ndarray) -> dict[str, bytes]:
    """Returns PNGs that break a rule that is seen from the chunks alone."""
    head, data, end = plain(pixels)
    half = len(data[1]) // 2
    return {
        name: file_of(chunks)
        for name, chunks in {
            "compression method": [header(pixels, None, (1, 0, 0)), data, end],
            "filter method": [header(pixels, None, (0, 64, 0)), data, end],
            "interlace method": [header(pixels, None, (0, 0, 2)), data, end],
            "two headers": [head, head, data, end],
            "gap in the pixels": [
                head,
                (b"IDAT", data[1][:half]),
                (b"tEXt", b"Title\0"),
                (b"IDAT", data[1][half:]),
                end,
            ],
            "unknown critical chunk": [head, (b"ABCD", b""), data, end],
            "illegal chunk name": [head, (b"a1b2", b""), data, end],
            "no pixels": [head, end],
            "two palettes": [head, *[(b"PLTE", b"abc")] * 2, data, end],
        }.items()
    }


def broken(pixels: np.ndarray) -> dict[str, bytes]:
    """Returns PNGs whose chunks are right and whose pixel stream is not."""
    head, (_, packed), end = plain(pixels)
    rows = rows_of(pixels)
    stride = len(rows) // len(pixels)
    at = len(packed) // 2
    flipped = packed[:at] + bytes([packed[at] ^ 32]) + packed[at + 1 :]
    wrong_filter = rows[: 3 * stride] + b"\x07" + rows[3 * stride + 1 :]
    streams = {
        "cut": packed[:at],
        "rows": zlib.compress(rows[:-stride]),
        "adler": packed[:-4] + bytes(4),
        "no adler": packed[:-4],
        "flip": flipped,
        "filter": zlib.compress(wrong_filter),
        "not zlib": bytes(len(packed)),
        "garbage": b"garbage",
    }
    return {
        name: file_of([head, (b"IDAT", stream), end])
        for name, stream in streams.items()
    }


def harmless(pixels: np.ndarray) -> dict[str, bytes]:
    """Returns PNGs with what is odd and allowed; each has these pixels."""
    head, data, end = plain(pixels)
    packed = data[1]
    ending = [data, end]
    trns = bytes(2) if pixels.ndim == 2 else bytes(6)
    control, frame = (
        struct.pack(">II", 1, 0),
        struct.pack(">IIIIIHHBB", 0, *pixels.shape[1::-1], 0, 0, 1, 10, 0, 0),
    )
    exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    return (
        {"interlaced": interlaced(pixels)}
        | {
            name: file_of(chunks)
            for name, chunks in {
                "plain": [head, *ending],
                "gAMA, cHRM": [
                    head,
                    (b"gAMA", struct.pack(">I", 22222)),
                    (b"cHRM", struct.pack(">8I", *range(1, 80001, 10000))),
                    *ending,
                ],
                "iCCP": [
                    head,
                    (b"iCCP", b"name\0\0" + zlib.compress(bytes(64))),
                    *ending,
                ],
                "tRNS": [head, (b"tRNS", trns), *ending],
                "eXIf": [head, (b"eXIf", exif), *ending],
                "sBIT, bKGD": [
                    head,
                    (b"sBIT", b"\5" * (len(trns) // 2)),
                    (b"bKGD", trns),
                    *ending,
                ],
                "APNG": [head, (b"acTL", control), (b"fcTL", frame), *ending],
                "empty IDATs": [head, *[(b"IDAT", b""), data] * 1, end],
                "IDATs of one byte": [
                    head,
                    *((b"IDAT", packed[i : i + 1]) for i in range(len(packed))),
                    end,
                ],
                "long texts": [
                    head,
                    (b"tEXt", b"Comment\0" + b"x" * 9999),
                    (b"zTXt", b"Comment\0\0" + zlib.compress(b"y" * 9999)),
                    *ending,
                ],
            }.items()
        }
        | {"bytes after the end": file_of([head, *ending]) + b"after"}
    )
