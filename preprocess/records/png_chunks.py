"""The chunks of a PNG: walked, and verified by PNG's rules and their CRCs.

What passes here and in its pixels, every reader takes: libpng, which
TensorFlow decodes by, refuses each of the rules that are checked.
"""

import itertools
from collections.abc import Iterator

from isal import isal_zlib

from preprocess.errors import BadPictureError
from schemas.pictures import PALETTE, PNG_SIGNATURE, PngHeader

Span = tuple[int, int]
"""(begin, end) of a chunk's content in the file."""

_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_MAX_PALETTE_BYTES = 256 * 3
_MAX_CHUNKS = 100_000
"""Three times those of the largest PNG whose chunks have the usual 8 KiB; more
would take memory, an empty chunk 150 bytes."""


def pixel_spans(data: bytes, header: PngHeader, what: str) -> tuple[Span, ...]:
    """Verifies all chunks; returns where the compressed pixels' parts are.

    Args:
        data: The file's bytes.
        header: What they claim to be.
        what: What to call the file in an error.

    Raises:
        BadPictureError: The file breaks off, has too many chunks, or one
            fails its CRC or stands where PNG allows none like it.
    """
    chunks = list(itertools.islice(_walk(data, what), _MAX_CHUNKS + 1))
    if len(chunks) > _MAX_CHUNKS:
        raise BadPictureError(
            f"{what} has more than {_MAX_CHUNKS} chunks; save it anew"
        )
    problem = _problem([kind for kind, _, _ in chunks])
    if not problem and header.color_type == PALETTE:
        problem = _palette_problem(chunks)
    if problem:
        raise BadPictureError(f"{what} is damaged: {problem}")
    return tuple((begin, end) for kind, begin, end in chunks if kind == b"IDAT")


def _problem(kinds: list[bytes]) -> str:
    """Says which of PNG's rules the order of the chunks breaks."""
    for kind in set(kinds):
        if not kind.isalpha():
            return f"{kind!r} is not a chunk's name"
        if kind[:1].isupper() and kind not in _CRITICAL:
            return f"a reader has to know its chunk {kind!r}, which none does"
    if kinds.count(b"IHDR") > 1:
        return "it has a second header"
    runs = [kind for kind, _ in itertools.groupby(kinds)]
    if b"IDAT" not in runs:
        return "it has no pixels"
    if runs.count(b"IDAT") > 1:
        return "another chunk stands between those of its pixels"
    if kinds.count(b"PLTE") > 1:
        return "it has a second palette"
    return ""


def _palette_problem(chunks: list[tuple[bytes, int, int]]) -> str:
    """Says what is wrong with the palette that the pixels' indices are of."""
    kinds = [kind for kind, _, _ in chunks]
    if b"PLTE" not in kinds[: kinds.index(b"IDAT")]:
        return "it has no palette before its pixels"
    _, begin, end = chunks[kinds.index(b"PLTE")]
    num_bytes = end - begin
    if num_bytes % 3 or not 0 < num_bytes <= _MAX_PALETTE_BYTES:
        return f"its palette has {num_bytes} bytes"
    return ""


def _walk(data: bytes, what: str) -> Iterator[tuple[bytes, int, int]]:
    """Yields (kind, begin, end) of each chunk's content, its CRC verified."""
    view, at, kind = memoryview(data), len(PNG_SIGNATURE), b""
    while kind != b"IEND":
        if len(data) < at + 8:
            raise BadPictureError(f"{what} is truncated at byte {len(data)}")
        length = int.from_bytes(view[at : at + 4], "big")
        kind, begin, end = data[at + 4 : at + 8], at + 8, at + 8 + length
        if len(data) < end + 4:
            raise BadPictureError(f"{what} is truncated at byte {len(data)}")
        crc = int.from_bytes(view[end : end + 4], "big")
        if isal_zlib.crc32(view[at + 4 : end]) != crc:
            raise BadPictureError(
                f"{what} is damaged: chunk {kind!r} at byte {at} fails its CRC"
            )
        yield kind, begin, end
        at = end + 4
