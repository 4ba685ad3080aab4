"""Files on Beam's file systems; what Beam says about a path is an OSError.

Beam takes each path for a pattern, so what would be read as one is escaped.
"""

import re
import warnings
from collections.abc import Iterator
from typing import BinaryIO

from apache_beam.io import filesystem
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from preprocess.storage.found_file import FoundFile

_RAW = filesystem.CompressionTypes.UNCOMPRESSED
_BINARY = "application/octet-stream"


warnings.filterwarnings("ignore", "Possible nested set", FutureWarning)
"""Of Python's regular expressions, into which Beam turns an escaped `[`."""

_LITERAL_SCHEMES = ("s3",)
"""Where Beam deletes just the path that it is given."""


def use_options(options: PipelineOptions | None = None) -> None:
    """Sets what Beam reads and writes by; None stands for its defaults."""
    FileSystems.set_options(options or PipelineOptions([]))


def exists(path: str) -> bool:
    """Whether an object has this path."""
    return FileSystems.exists(path)


def list_folder(folder: str) -> list[FoundFile]:
    """Lists the objects of a folder, without those of folders in it."""
    return list(_match(f"{escape(folder)}/*"))


def list_below(folder: str, most: int | None = None) -> Iterator[FoundFile]:
    """Lists the objects in and below a folder, at most so many."""
    return _match(f"{escape(folder)}/**", most)


def open_binary(path: str) -> BinaryIO:
    """Opens an object for reading bytes, seekable."""
    return FileSystems.open(path, _BINARY, _RAW)


def create(path: str) -> BinaryIO:
    """Opens an object for writing bytes."""
    return FileSystems.create(path, _BINARY, _RAW)


def rename(source_path: str, target_path: str) -> None:
    """Renames an object, replacing what has the new name."""
    FileSystems.rename([source_path], [target_path])


def delete(path: str) -> None:
    """Deletes one object."""
    is_literal = FileSystems.get_scheme(path) in _LITERAL_SCHEMES
    FileSystems.delete([path if is_literal else escape(path)])


def delete_folder(path: str) -> None:
    """Deletes all that lies below, many objects with each request."""
    FileSystems.delete([path.rstrip("/") + "/"])


def escape(path: str) -> str:
    """Returns the pattern that matches this path alone.

    Beam's patterns know no backslash, but sets of one character.
    """
    return re.sub(r"[\[*?]", r"[\g<0>]", path)


def _match(pattern: str, most: int | None = None) -> Iterator[FoundFile]:
    [found] = FileSystems.match([pattern], [most])
    for metadata in found.metadata_list:
        yield FoundFile(
            metadata.path,
            metadata.size_in_bytes,
            metadata.last_updated_in_seconds,
        )
