"""Folders and zips, local or remote, as lists of files that can be read."""

import dataclasses
import functools
from collections.abc import Callable

from schemas.layouts import filenames
from schemas.sources import zips
from trainer.storage import files

Reader = Callable[[], bytes]
"""Returns a file's content."""


@dataclasses.dataclass(frozen=True)
class StoredFile:
    """A file in a folder or in a zip.

    Attributes:
        path: What to call it: its path, `FILE.zip/MEMBER` in a zip.
        below: Its path below the folder or in the zip, with slashes.
        read: Returns its content; raises an OSError that names it, or a
            ValueError that leaves this to who reads it.
    """

    path: str
    below: str
    read: Reader


@functools.lru_cache(maxsize=8)
def open_zip(path: str) -> zips.Archive:
    """Opens a zip once for all its members; threads may share it.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a complete zip archive, or encrypted.
    """
    if files.num_bytes(path) is None:
        raise FileNotFoundError(f"{path} does not exist")
    try:
        return zips.open_zip(files.open_binary(path))
    except ValueError as error:
        raise ValueError(f"{path} {error}") from error


def list_files(source: str) -> list[StoredFile]:
    """Lists the files of a folder, with those below it, or of a zip.

    Raises:
        FileNotFoundError: There is no such folder or zip.
        OSError: A folder cannot be read.
        ValueError: The file is not a complete zip archive.
    """
    if files.is_folder(source):
        folder = source.rstrip("/") or "/"
        return [
            StoredFile(
                path,
                path.removeprefix(folder).lstrip("/"),
                functools.partial(files.read_bytes, path),
            )
            for path in files.walk(folder)
        ]
    if files.num_bytes(source) is None:
        raise FileNotFoundError(f"{source} is neither a folder nor a zip")
    return [
        StoredFile(
            files.join(source, name),
            filenames.entry_path(name),
            functools.partial(read_member, source, name),
        )
        for name in open_zip(source).namelist()
        if not name.endswith(("/", "\\"))
    ]


def read_member(path: str, name: str) -> bytes:
    """Reads a file in a zip.

    Raises:
        ValueError: It is damaged or too large.
        OSError: The zip cannot be read.
    """
    return zips.read_entry(open_zip(path), name)
