"""Zips from anywhere: read in place, never unpacked to a disk.

An entry's name, `..` and all, is only ever a name in the zip.
"""

import contextlib
import errno
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from isal import isal_zlib

MAX_ENTRY_BYTES = 1 << 28
"""No picture of Cityscapes comes near 256 MiB; a larger entry is refused."""

_LOCAL_HEADER = struct.Struct("<4s22xHH")
"""An entry's own header: its mark, the bytes of its name, of its extras."""

_END_BYTES = 22
"""What an archive ends with, where it has no comment."""

_LOCAL_MARK = b"PK\x03\x04"
_ENCRYPTED = 0x01
_PATCHED = 0x60
_PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_OF_THE_ZIP = (None, errno.EINVAL)
"""What an error's `errno` is if the zip leads nowhere: before its begin."""

_ERRORS: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    cast(type[Exception], isal_zlib.error),  # Its stubs say otherwise.
    lzma.LZMAError,
    struct.error,
    EOFError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class Archive(zipfile.ZipFile):
    """A zip archive that knows whether its file was changed meanwhile."""

    def __init__(self, file: BinaryIO):
        """Reads the archive's directory."""
        self._opened = _state(file)
        # zipfile says of an end that the disk does not give: it is no zip.
        file.seek(max(file.seek(0, os.SEEK_END) - _END_BYTES, 0))
        file.read()
        super().__init__(file)

    def has_changed(self) -> bool:
        """Whether a file on a disk is another than when it was opened."""
        return _state(self.fp) != self._opened


def open_zip(file: BinaryIO) -> Archive:
    """Opens a zip for reading; threads may share it.

    Raises:
        ValueError: It is not a complete zip archive, or encrypted; the line
            lacks its subject, the file's path.
        OSError: The file cannot be read.
    """
    with _naming_damage("is not a complete zip archive, download it again: "):
        archive = Archive(file)
    if any(entry.flag_bits & _ENCRYPTED for entry in archive.infolist()):
        raise ValueError(
            "is encrypted; unpack it with its password, and name the folder"
        )
    return archive


def read_entry(archive: Archive, name: str) -> bytes:
    """Reads a file in a zip.

    No more is unpacked than the entry claims to hold.

    Raises:
        ValueError: It is damaged, missing or too large.
        OSError: The zip cannot be read, or it was changed since it was
            opened, so that its entries may be anywhere.
    """
    try:
        return _read_entry(archive, name)
    except ValueError as error:
        if archive.has_changed():
            raise OSError(
                f"the zip was changed while it was read: {error}"
            ) from error
        raise


def read_head(archive: Archive, name: str, num_bytes: int) -> bytes:
    """Reads an entry's first bytes; raises what `read_entry` raises."""
    with _naming_damage("cannot be unpacked: "):
        with archive.open(name) as entry:
            return entry.read(num_bytes)


def _read_entry(archive: Archive, name: str) -> bytes:
    with _naming_damage("cannot be unpacked: "):
        entry = archive.getinfo(name)
        num_bytes = max(entry.file_size, entry.compress_size)
        if num_bytes > MAX_ENTRY_BYTES:
            raise ValueError(
                f"it unpacks to {num_bytes} bytes, the limit is "
                f"{MAX_ENTRY_BYTES}"
            )
        descriptor = _descriptor(archive.fp)
        if descriptor is None or not _is_plain(entry):
            return archive.read(name)
        return _unpack(descriptor, entry)


def _descriptor(file: IO[bytes] | None) -> int | None:
    """Returns the descriptor of a file on a disk, None of any other."""
    try:
        return file.fileno() if file else None
    except (AttributeError, OSError):
        return None


def _state(file: IO[bytes] | None) -> tuple[int, int] | None:
    """Returns what changes when a file on a disk is written to."""
    descriptor = _descriptor(file)
    if descriptor is None:
        return None
    status = os.fstat(descriptor)
    return status.st_size, status.st_mtime_ns


def _is_plain(entry: zipfile.ZipInfo) -> bool:
    return entry.compress_type in _PLAIN_METHODS and not entry.flag_bits & (
        _ENCRYPTED | _PATCHED
    )


def _unpack(descriptor: int, entry: zipfile.ZipInfo) -> bytes:
    """Reads an entry as `ZipFile.read` does, several times as fast.

    It takes no lock, and inflates and verifies by ISA-L.
    """
    at = entry.header_offset
    header = os.pread(descriptor, _LOCAL_HEADER.size, at)
    mark, *variable_bytes = _LOCAL_HEADER.unpack(header)
    if mark != _LOCAL_MARK:
        raise ValueError(f"no file begins at byte {at}")
    at += _LOCAL_HEADER.size + sum(variable_bytes)
    content = os.pread(descriptor, entry.compress_size, at)
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        inflate = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS)
        content = inflate.decompress(content, max(1, entry.file_size))
    if len(content) != entry.file_size or isal_zlib.crc32(content) != entry.CRC:
        raise ValueError("Bad CRC-32, or another size than it should have")
    return content


@contextlib.contextmanager
def _naming_damage(prefix: str) -> Iterator[None]:
    """Makes one kind of error of whatever a damaged zip sets off."""
    try:
        yield
    except _ERRORS as error:
        if getattr(error, "errno", None) not in _OF_THE_ZIP:
            raise  # The disk has failed, not the zip.
        reason = str(error) or type(error).__name__
        raise ValueError(f"{prefix}{reason}") from error
