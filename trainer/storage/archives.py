"""Folders and zips, local or remote, as lists of files that can be read."""

import functools
import zipfile
from collections.abc import Callable

from schemas import zips
from trainer.storage import files

ZIP_SUFFIX = ".zip"

Reader = Callable[[], bytes]
"""Returns a file's content."""


def is_zip(path: str) -> bool:
    """Whether a path is named as a zip is."""
    return path.lower().endswith(ZIP_SUFFIX)


@functools.lru_cache(maxsize=8)
def open_zip(path: str) -> zipfile.ZipFile:
    """Opens a zip once for all its members; threads may share it.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no zip, or not a whole one.
    """
    if files.num_bytes(path) is None:
        raise FileNotFoundError(f"{path} does not exist")
    try:
        return zips.open_zip(files.open_binary(path))
    except ValueError as error:
        raise ValueError(f"{path} is no zip: {error}") from error


def list_files(source: str) -> dict[str, Reader]:
    """Lists the files of a folder, with those below it, or of a zip.

    Returns:
        Path with slashes → its content's reader.

    Raises:
        FileNotFoundError: There is no such folder or zip.
        ValueError: The file is no zip.
    """
    if files.is_folder(source):
        return {
            path: functools.partial(files.read_bytes, path)
            for path in files.walk(source)
        }
    if files.num_bytes(source) is None:
        raise FileNotFoundError(f"{source} is no folder and no zip")
    archive = open_zip(source)
    return {
        name: functools.partial(read_member, source, name)
        for name in archive.namelist()
    }


def read_member(path: str, name: str) -> bytes:
    """Reads a file in a zip.

    Raises:
        ValueError: It is damaged or too large; names it.
    """
    try:
        return zips.read_entry(open_zip(path), name)
    except ValueError as error:
        raise ValueError(f"{name} in {path} is damaged: {error}") from error
