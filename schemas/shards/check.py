"""Reads a shard through and compares it with what the manifest says."""

import io
from collections.abc import Iterator
from typing import BinaryIO

import google_crc32c

from schemas.manifest import Shard
from schemas.manifest_checks import ManifestError
from schemas.shards import tfrecord

_BUFFER_BYTES = 1 << 20


class ChecksummedFile(io.RawIOBase):
    """A file that counts and checksums what is read from it.

    Attributes:
        num_bytes: How much was read so far.
    """

    def __init__(self, file: BinaryIO):
        """Takes the open file, at its beginning."""
        self._file = file
        self._checksum = google_crc32c.Checksum()
        self.num_bytes = 0

    def read(self, size: int = -1) -> bytes:
        """Reads on."""
        data = self._file.read(size)
        self._checksum.update(data)
        self.num_bytes += len(data)
        return data

    def read_rest(self) -> None:
        """Reads to the end."""
        while self.read(_BUFFER_BYTES):
            pass

    def crc32c(self) -> str:
        """Returns the checksum as a manifest writes it."""
        return self._checksum.digest().hex()


def differences(
    shard: Shard, num_records: int, file: ChecksummedFile
) -> list[str]:
    """Compares a shard that was read through with the manifest's entry.

    Returns:
        A line for each thing that is not as the manifest says.
    """
    return [
        f"{shard.name}: {what} {found}, the manifest says {wanted}"
        for what, found, wanted in (
            ("records", num_records, shard.num_examples),
            ("bytes", file.num_bytes, shard.num_bytes),
            ("CRC-32C", file.crc32c(), shard.crc32c),
        )
        if found != wanted
    ]


def read_checked(shard: Shard, stream: BinaryIO) -> Iterator[bytes]:
    """Yields each record of a shard, and proves the whole at the end.

    Args:
        shard: The manifest's entry.
        stream: The shard's file, open for binary reading, at its beginning.

    Raises:
        ManifestError: A record is damaged, or they are not those of the
            conversion: names the shard and the record.
    """
    file = ChecksummedFile(stream)
    num_records = 0
    try:
        for _, payload in tfrecord.read_records(file):
            num_records += 1
            yield payload
    except tfrecord.CorruptRecordError as error:
        raise ManifestError(f"{shard.name}: {error}") from error
    problems = differences(shard, num_records, file)
    if problems:
        raise ManifestError("; ".join(problems))
