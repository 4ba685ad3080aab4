"""TFRecord framing: length, its CRC, payload, its CRC.

Each record is `uint64 length | uint32 masked_crc32c(length) | payload |
uint32 masked_crc32c(payload)`, little-endian, one after the other, as
TensorFlow's record writer lays them out.
"""

import struct
from collections.abc import Iterator
from typing import Protocol

import google_crc32c

_HEADER = struct.Struct("<QI")
_LENGTH = struct.Struct("<Q")
_FOOTER = struct.Struct("<I")
FRAMING_BYTES = _HEADER.size + _FOOTER.size
"""What a record takes beside its payload."""
MAX_RECORD_BYTES = 1 << 30
"""No frame comes near; a longer length field is taken for damage."""


class Readable(Protocol):
    """What records are read from: an open file, or what wraps one."""

    def read(self, size: int = -1, /) -> bytes:
        """Returns the next bytes, none at the end."""


class CorruptRecordError(ValueError):
    """A TFRecord file breaks off or fails a checksum."""


def masked_crc32c(payload: bytes) -> int:
    """Computes the rotated and offset CRC-32C that TFRecord stores."""
    crc = google_crc32c.value(payload)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def frame(payload: bytes) -> tuple[bytes, bytes]:
    """Returns what stands before and after `payload` in the file."""
    length = _LENGTH.pack(len(payload))
    header = length + _FOOTER.pack(masked_crc32c(length))
    return header, _FOOTER.pack(masked_crc32c(payload))


def read_records(stream: Readable) -> Iterator[tuple[int, bytes]]:
    """Yields each record of an open TFRecord file with its offset.

    Args:
        stream: The file, open for binary reading, at its beginning.

    Yields:
        (offset in bytes, payload), in file order.

    Raises:
        CorruptRecordError: The file breaks off or a checksum does not fit;
            the message gives the record's number and offset.
    """
    offset = index = 0
    while header := stream.read(_HEADER.size):
        where = f"record {index} at byte {offset}"
        if len(header) < _HEADER.size:
            raise CorruptRecordError(f"{where} breaks off in its header")
        length, length_crc = _HEADER.unpack(header)
        if masked_crc32c(header[: _LENGTH.size]) != length_crc:
            raise CorruptRecordError(f"{where} has a wrong length checksum")
        if length > MAX_RECORD_BYTES:
            raise CorruptRecordError(f"{where} claims to hold {length} bytes")
        payload = stream.read(length)
        footer = stream.read(_FOOTER.size)
        if len(payload) < length or len(footer) < _FOOTER.size:
            raise CorruptRecordError(f"{where} breaks off in its payload")
        if masked_crc32c(payload) != _FOOTER.unpack(footer)[0]:
            raise CorruptRecordError(f"{where} has a wrong payload checksum")
        yield offset, payload
        offset += _HEADER.size + length + _FOOTER.size
        index += 1
