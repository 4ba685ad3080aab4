"""Zips from anywhere: read in place, never unpacked to a disk.

An entry's name, `..` and all, is only ever a name in the zip.
"""

import contextlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

MAX_ENTRY_BYTES = 1 << 28
"""No picture of Cityscapes comes near 256 MiB; a larger entry is refused."""

_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Opens a zip for reading; threads may share it.

    Raises:
        ValueError: It is no zip, or not a whole one.
        OSError: The file cannot be read.
    """
    with _naming_damage(""):
        return zipfile.ZipFile(file)


def read_entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """Reads a file in a zip.

    No more is unpacked than the entry claims to hold.

    Raises:
        ValueError: It is damaged, missing or too large.
        OSError: The zip cannot be read.
    """
    with _naming_damage("cannot be unpacked: "):
        num_bytes = archive.getinfo(name).file_size
        if num_bytes > MAX_ENTRY_BYTES:
            raise ValueError(
                f"it unpacks to {num_bytes} bytes, the limit is "
                f"{MAX_ENTRY_BYTES}"
            )
        return archive.read(name)


@contextlib.contextmanager
def _naming_damage(prefix: str) -> Iterator[None]:
    """Makes one kind of error of whatever a damaged zip sets off."""
    try:
        yield
    except _ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # The disk has failed, not the zip.
        reason = str(error) or type(error).__name__
        raise ValueError(f"{prefix}{reason}") from error
