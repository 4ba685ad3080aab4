"""Files on Beam's file systems; what is said about a path is an OSError.

Beam itself lets the errors of the services' clients through, which are none.
It takes each path for a pattern, so what would be read as one is escaped.
"""

import contextlib
import errno
import http
import io
import os
import re
import warnings
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

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


@contextlib.contextmanager
def _os_errors(path: str) -> Iterator[None]:
    """Makes OSErrors of the errors of the services' clients.

    Python's own errors are left alone: an OSError is one already, and the
    others are faults, or a lack of memory.
    """
    try:
        yield
    except filesystem.BeamIOError:
        raise
    except Exception as error:
        if type(error).__module__ == "builtins":
            raise
        raise _os_error(path, error) from error


def _os_error(path: str, error: Exception) -> OSError:
    """Returns what is said in the place of a client's error.

    Its number tells a reader of zips that the service failed, not the zip.
    """
    told: OSError
    if _status(error) == http.HTTPStatus.NOT_FOUND:
        told = FileNotFoundError(f"{path} does not exist")
        told.errno = errno.ENOENT
    else:
        told = OSError(f"{path}: {_reason(error)}")
        told.errno = errno.EIO
    return told


def _status(error: Exception) -> int | None:
    """Returns the status of HTTP that an error bears, None where none."""
    for bearer in (error, getattr(error, "response", None)):
        for name in ("code", "status_code"):
            status = getattr(bearer, name, None)
            if isinstance(status, int):
                return status
    return None


def _reason(error: Exception) -> str:
    """Returns what an error says; of some, `str` shows all arguments."""
    first = error.args[0] if error.args else ""
    return str(getattr(error, "message", "") or first or type(error).__name__)


class _File(io.BufferedIOBase):
    """An open file of Beam's, with its errors as OSErrors.

    It holds no bytes itself: those of Beam's do, and read all in one request.
    """

    def __init__(self, path: str, file: BinaryIO):
        self._path = path
        self._file = file

    def readable(self) -> bool:
        return self._file.readable()

    def writable(self) -> bool:
        return self._file.writable()

    def seekable(self) -> bool:
        return self._file.seekable()

    def read(self, size: int | None = -1) -> bytes:
        with _os_errors(self._path):
            return self._file.read(-1 if size is None else size)

    def write(self, content: Any) -> int:
        with _os_errors(self._path):
            return self._file.write(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with _os_errors(self._path):
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        if self.closed:
            return
        try:
            with _os_errors(self._path):
                self._file.close()
        finally:
            super().close()


def exists(path: str) -> bool:
    """Whether an object has this path."""
    with _os_errors(path):
        return FileSystems.exists(path)


def list_folder(folder: str) -> list[FoundFile]:
    """Lists the objects of a folder, without those of folders in it."""
    return list(_match(f"{escape(folder)}/*"))


def list_below(folder: str, most: int | None = None) -> Iterator[FoundFile]:
    """Lists the objects in and below a folder, at most so many."""
    return _match(f"{escape(folder)}/**", most)


def open_binary(path: str) -> BinaryIO:
    """Opens an object for reading bytes, seekable."""
    with _os_errors(path):
        file = FileSystems.open(path, _BINARY, _RAW)
    return cast(BinaryIO, _File(path, file))


def create(path: str) -> BinaryIO:
    """Opens an object for writing bytes."""
    with _os_errors(path):
        file = FileSystems.create(path, _BINARY, _RAW)
    return cast(BinaryIO, _File(path, file))


def rename(source_path: str, target_path: str) -> None:
    """Renames an object, replacing what has the new name."""
    with _os_errors(target_path):
        FileSystems.rename([source_path], [target_path])


def delete(path: str) -> None:
    """Deletes one object."""
    is_literal = FileSystems.get_scheme(path) in _LITERAL_SCHEMES
    with _os_errors(path):
        FileSystems.delete([path if is_literal else escape(path)])


def delete_folder(path: str) -> None:
    """Deletes all that lies below, many objects with each request."""
    with _os_errors(path):
        FileSystems.delete([path.rstrip("/") + "/"])


def escape(path: str) -> str:
    """Returns the pattern that matches this path alone.

    Beam's patterns know no backslash, but sets of one character.
    """
    return re.sub(r"[\[*?]", r"[\g<0>]", path)


def _match(pattern: str, most: int | None = None) -> Iterator[FoundFile]:
    with _os_errors(pattern):
        [found] = FileSystems.match([pattern], [most])
    for metadata in found.metadata_list:
        yield FoundFile(
            metadata.path,
            metadata.size_in_bytes,
            metadata.last_updated_in_seconds,
        )
