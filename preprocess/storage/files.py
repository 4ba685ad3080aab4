"""Files, local or on one of Beam's file systems: gs://, s3://.

A name is a name: none is taken for a pattern.  Local files need no Beam,
which takes long to import.
"""

import contextlib
import os
import re
import shutil
import stat
import types
from collections.abc import Iterator
from typing import BinaryIO

from preprocess.storage.found_file import FoundFile
from schemas import local_files

_SCHEME = re.compile(r"([a-zA-Z][-a-zA-Z0-9+.]*)://")


def use_default_options(path: str) -> None:
    """Lets a remote path be read outside of a job, which has options.

    Raises:
        ConversionError: The path is on a service that does not answer.
    """
    if not is_local(path):
        from preprocess.storage import reachable

        reachable.check_path(path)
        _remote().use_options()


def join(folder: str, *names: str) -> str:
    """Joins with `/`, which every file system here understands."""
    return "/".join((folder.rstrip("/") or "/", *names))


def scheme(path: str) -> str | None:
    """Returns e.g. `gs`, None for a local path."""
    found = _SCHEME.match(path)
    return found[1] if found else None


def is_local(path: str) -> bool:
    """Whether the path has no scheme such as `gs://`."""
    return scheme(path) is None


def exists(path: str) -> bool:
    """Whether a file (or, locally, a folder) has this path."""
    return os.path.exists(path) if is_local(path) else _remote().exists(path)


def list_folder(folder: str) -> list[FoundFile]:
    """Lists the files in a folder, by name; none where there is no folder.

    A local link that leads nowhere counts as an empty file.

    Raises:
        OSError: The folder cannot be read.
    """
    if not is_local(folder):
        found = _remote().list_folder(folder)
    elif os.path.isdir(folder):
        with os.scandir(folder) as entries:
            found = [
                _found(entry)
                for entry in entries
                if not local_files.is_folder(entry)
            ]
    else:
        found = []
    return sorted(found, key=lambda file: file.path)


def list_below(folder: str, most: int | None = None) -> Iterator[FoundFile]:
    """Lists the files in and below a folder, in no particular order.

    Links are followed, but into no folder twice; one that leads nowhere
    counts as an empty file.

    Args:
        folder: The folder.
        most: After how many files the listing may end, None for all.

    Raises:
        OSError: A folder cannot be read.
    """
    if not is_local(folder):
        yield from _remote().list_below(folder, most)
        return
    for entry in local_files.walk(folder):
        yield _found(entry)


def names(folder: str, most: int | None = None) -> list[str]:
    """Lists the names in a folder in order; none where there is no folder.

    Args:
        folder: The folder.
        most: Of an object store, which has no folders: after how many objects
            the listing may end, None for all.

    Raises:
        OSError: The folder cannot be read.
    """
    if is_local(folder):
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    begin = join(folder, "")
    below = (f.path.removeprefix(begin) for f in list_below(folder, most))
    return sorted({path.partition("/")[0] for path in below})


def has_folder(path: str) -> bool:
    """Whether a path is there, on object stores with anything below it."""
    return exists(path) if is_local(path) else any(list_below(path, 1))


def _found(entry: os.DirEntry[str]) -> FoundFile:
    """Looks at a file; what is none, or not there, counts as empty."""
    try:
        status = entry.stat()
    except OSError:
        if not entry.is_symlink():
            raise
        return FoundFile(entry.path, 0, 0.0)
    is_file = stat.S_ISREG(status.st_mode)
    return FoundFile(
        entry.path, status.st_size if is_file else 0, status.st_mtime
    )


def open_binary(path: str) -> BinaryIO:
    """Opens a file for reading bytes, seekable.

    Raises:
        FileNotFoundError: There is no such file.
        OSError: It is not a regular file, or cannot be read.
    """
    if is_local(path):
        return local_files.open_regular(path)
    return _remote().open_binary(path)


def read_bytes(path: str) -> bytes:
    """Returns a file's content; raises what `open_binary` raises."""
    with open_binary(path) as file:
        return file.read()


def read_text(path: str) -> str:
    """Returns the text of a UTF-8 file.

    Raises:
        FileNotFoundError: There is no such file.
    """
    if is_local(path):
        return local_files.read_text(path)
    return read_bytes(path).decode()


def read_blocks(path: str, block_bytes: int = 1 << 20) -> Iterator[bytes]:
    """Yields a file's content block by block."""
    with open_binary(path) as file:
        while block := file.read(block_bytes):
            yield block


class AtomicFile:
    """A file that appears under its name only when it is complete.

    A context manager: it opens a file of another name for writing bytes and,
    when the block ends without an error, renames it.  Locally the bytes reach
    the disk before the name does.
    """

    def __init__(self, path: str, temporary_dir: str):
        """Takes the final path and a folder of the same file system."""
        self._path = path
        name = f"{os.path.basename(path)}.{local_files.random_token()}"
        self._temporary_path = join(temporary_dir, name)

    def __enter__(self) -> BinaryIO:
        """Returns the open file."""
        if is_local(self._path):
            self._file = local_files.create_new(self._temporary_path)
        else:
            self._file = _remote().create(self._temporary_path)
        return self._file

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        """Renames the file, or deletes it after an error."""
        if error_type is not None:
            self._discard()
            return
        try:
            if is_local(self._path):
                self._file.flush()
                _settle(self._file.fileno())
            self._file.close()
            rename(self._temporary_path, self._path)
        except BaseException:
            self._discard()
            raise

    def _discard(self) -> None:
        """Deletes the file; the error that led here is the one to tell."""
        with contextlib.suppress(Exception):
            self._file.close()
        with contextlib.suppress(Exception):
            delete_if_there(self._temporary_path)


def _settle(descriptor: int) -> None:
    """Brings a file to the disk and gives back the memory that cached it.

    Fresh pages cost a writer of many large files more time than the writing,
    and a container counts them as its memory.
    """
    os.fsync(descriptor)
    if hasattr(os, "posix_fadvise"):  # macOS has none.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def write_text(path: str, text: str, temporary_dir: str) -> None:
    """Writes a UTF-8 file that appears only when it is complete."""
    with AtomicFile(path, temporary_dir) as file:
        file.write(text.encode())


def rename(source_path: str, target_path: str) -> None:
    """Renames a file, replacing what has the new name."""
    if is_local(target_path):
        os.replace(source_path, target_path)
    else:
        _remote().rename(source_path, target_path)


def delete_if_there(path: str) -> None:
    """Deletes a file; of a link, the link itself."""
    if is_local(path):
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)
    elif exists(path):
        _remote().delete(path)


def delete_folder(path: str) -> None:
    """Deletes a folder with all that is in it, if it is there.

    Of an object store: all that lies below, many objects with each request.

    Raises:
        OSError: It cannot be deleted, or it is a link.
    """
    if not is_local(path):
        _remote().delete_folder(path)
    elif os.path.lexists(path):
        shutil.rmtree(path)


def make_folder(path: str) -> None:
    """Creates a local folder; object stores have none to create."""
    if is_local(path):
        os.makedirs(path, exist_ok=True)


def _remote() -> types.ModuleType:
    """Imports what needs Beam, where a path asks for it."""
    from preprocess.storage import remote_files

    return remote_files
