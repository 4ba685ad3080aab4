"""The compressed pixels of a PNG: inflated a part at a time, and verified."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from isal import isal_zlib

from preprocess.errors import BadPictureError
from preprocess.records.png_chunks import Span
from schemas.pictures import PngHeader

_INFLATE_ERROR: type[Exception] = vars(isal_zlib)["error"]  # Wrong stub.
_MAX_WINDOW_BITS = 15
_NUM_FILTERS = 5
_MAX_EXCESS = 1 << 16
_PART_BYTES = 1 << 16
_ADAM7 = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)
"""(first row, first column, row step, column step) of each pass."""


def undecodable(what: str, reason: Exception | str) -> BadPictureError:
    """Returns the error of a PNG whose pixels are damaged."""
    return BadPictureError(f"{what} cannot be decoded: {reason}")


@dataclasses.dataclass(frozen=True)
class PixelStream:
    """Filtered rows, as a zlib stream in parts of a file.

    Attributes:
        data: The file's bytes.
        what: What to call it in an error.
        header: What the pixels are.
        spans: (begin, end) of the stream's parts in `data`.
    """

    data: bytes
    what: str
    header: PngHeader
    spans: tuple[Span, ...]

    def verify(self) -> None:
        """Inflates the rows and checks their number, sum and filters.

        That finds all that a decoder would stumble over.

        Raises:
            BadPictureError: They cannot be decoded.
        """
        begin = 0
        for part in self._inflate():
            self._check_filters(np.frombuffer(part, np.uint8), begin)
            begin += len(part)

    def read(self) -> bytes:
        """Returns the rows, each with its filter, which is not checked.

        Raises:
            BadPictureError: They cannot be inflated.
        """
        return b"".join(self._inflate())[: self._num_bytes()]

    def _inflate(self) -> Iterator[bytes]:
        """Inflates the rows, and verifies the stream's Adler-32.

        Bytes after the last row are let through, as every decoder does; but
        no more than a few, so that no file takes longer than its size says.

        Yields:
            A part of the rows.  Parts stay in the processor's cache, and each
            takes the memory of the one before.
        """
        num_bytes, end = self._num_bytes(), 0
        most = num_bytes + _MAX_EXCESS
        stream = isal_zlib.decompressobj(self._window_bits())
        for compressed in self._compressed():
            try:
                part = stream.decompress(compressed, most - end)
            except _INFLATE_ERROR as error:
                raise undecodable(self.what, error) from error
            yield part
            end += len(part)
            if stream.eof:
                break
            if end == most:
                raise self._undecodable("do not end after the last row")
        if end < num_bytes:
            raise self._undecodable(f"end at byte {end} of {num_bytes}")
        if not stream.eof:
            raise self._undecodable("have no checksum after the last row")

    def _compressed(self) -> Iterator[memoryview]:
        """Yields the stream in parts of bounded size."""
        view = memoryview(self.data)
        for begin, end in self.spans:
            for at in range(begin, end, _PART_BYTES):
                yield view[at : min(at + _PART_BYTES, end)]

    def _window_bits(self) -> int:
        """Returns the window that the stream declares, in bits.

        Given that, ISA-L refuses what reaches further back, as libpng does.
        """
        head = next(self._compressed(), None)
        bits = _MAX_WINDOW_BITS if head is None else 8 + (head[0] >> 4)
        if bits > _MAX_WINDOW_BITS:
            raise self._undecodable(f"have a window of {bits} bits")
        return bits

    def _check_filters(self, part: np.ndarray, at: int) -> None:
        """Checks the filters in a part of the rows.

        Args:
            part: (N,) uint8.
            at: Where it begins in the rows.

        Raises:
            BadPictureError: PNG has no such filter.
        """
        first_row = begin = 0
        for num_rows, stride in self._passes():
            end = begin + num_rows * stride
            first = max(begin, at)
            first += (begin - first) % stride
            wrong = part[first - at : max(0, end - at) : stride] >= _NUM_FILTERS
            if wrong.any():
                row = first_row + (first - begin) // stride + wrong.argmax()
                raise undecodable(
                    self.what, f"row {row} has a filter that PNG does not have"
                )
            first_row, begin = first_row + num_rows, end

    def _passes(self) -> list[tuple[int, int]]:
        """Returns (rows, bytes a row with its filter) of each pass."""
        header = self.header
        if not header.interlaced:
            return [(header.height, 1 + header.row_bytes(header.width))]
        passes = []
        for first_row, first_column, row_step, column_step in _ADAM7:
            num_rows = -(-(header.height - first_row) // row_step)
            num_columns = -(-(header.width - first_column) // column_step)
            if num_rows > 0 and num_columns > 0:
                passes.append((num_rows, 1 + header.row_bytes(num_columns)))
        return passes

    def _num_bytes(self) -> int:
        """Returns how many bytes the rows have, with their filters."""
        return sum(num_rows * stride for num_rows, stride in self._passes())

    def _undecodable(self, how: str) -> BadPictureError:
        return undecodable(self.what, f"its pixels {how}")
