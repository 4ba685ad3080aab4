"""Files, local or remote: found, read whole, written beside and renamed.

Local paths need no TensorFlow, so that flags and manifests can be checked
before its slow import; `gs://` and its like go through `remote_files`.
"""

import contextlib
import glob
import os
import re
import shutil
import types
from collections.abc import Iterator
from typing import BinaryIO

from schemas import local_files

_PARTIAL = re.compile(r"(.+\.)?[0-9a-f]{16}\.partial(\.[^.]*)?", re.DOTALL)
"""The names of files that are being written; older ones begin by the file's."""

_SCHEMES = ("file", "gs", "ram")
"""Of the file systems that TensorFlow brings along."""


def is_remote(path: str) -> bool:
    """Whether the path names a file system by a scheme, like gs://."""
    return "://" in path


def join(folder: str, name: str) -> str:
    """Joins a folder, local or remote, and a name."""
    return f"{folder.rstrip('/')}/{name}"


def read_bytes(path: str) -> bytes:
    """Reads a file.

    Raises:
        FileNotFoundError: There is none.
        OSError: It cannot be read.
    """
    with open_binary(path) as file:
        return file.read()


def read_text(path: str) -> str:
    """Reads a UTF-8 text file; raises what `read_bytes` raises."""
    if is_remote(path):
        return read_bytes(path).decode()
    return local_files.read_text(path)


def open_binary(path: str) -> BinaryIO:
    """Opens a file for reading bytes.

    Raises:
        FileNotFoundError: There is none.
        OSError: It is not a regular file, or cannot be read.
    """
    if is_remote(path):
        return _remote(path).open_binary(path)
    return local_files.open_regular(path)


def num_bytes(path: str) -> int | None:
    """Returns a file's size, None where there is no such file."""
    if is_remote(path):
        return _remote(path).num_bytes(path)
    return os.path.getsize(path) if os.path.isfile(path) else None


def is_folder(path: str) -> bool:
    """Returns whether there is such a folder."""
    if is_remote(path):
        return _remote(path).is_folder(path)
    return os.path.isdir(path)


def names(folder: str) -> list[str]:
    """Lists a folder's names in order; none where there is no folder."""
    if is_remote(folder):
        return _remote(folder).names(folder)
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def walk(folder: str) -> list[str]:
    """Lists the paths of the files in and below a folder; follows links."""
    if is_remote(folder):
        return _remote(folder).walk(folder)
    return [entry.path for entry in local_files.walk(folder)]


def match(pattern: str) -> list[str]:
    """Lists the files that a path or pattern names."""
    if is_remote(pattern):
        return _remote(pattern).match(pattern)
    exact = [pattern] if os.path.isfile(pattern) else []
    return exact or list(filter(os.path.isfile, glob.glob(pattern)))


def make_folder(path: str) -> None:
    """Makes a folder and those above it."""
    if is_remote(path):
        _remote(path).make_folder(path)
    else:
        os.makedirs(path, exist_ok=True)


def prepare_folder(path: str) -> None:
    """Makes a folder, before long work, and checks that it can be written to.

    Raises:
        OSError: It cannot; names the folder.
    """
    try:
        make_folder(path)
        probe = join(path, f"{local_files.random_token()}.partial")
        write_bytes(probe, b"")
        remove(probe)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, path) from error


def remove(path: str) -> None:
    """Removes a file."""
    if is_remote(path):
        _remote(path).remove(path)
    else:
        os.remove(path)


@contextlib.contextmanager
def replacing(path: str) -> Iterator[str]:
    """Gives a local path to write to; what was written then takes `path`.

    The old file stays complete until the new one is.  The local path keeps
    `path`'s suffix, which some writers look at, and no more of its name, which
    may be as long as names can be; nobody can foresee it, and what is there is
    this process's own empty file, never a link.

    Yields:
        The path to write to, on the local disk.

    Raises:
        OSError: It cannot be written; names `path`.
    """
    folder, name = os.path.split(path)
    suffix = os.path.splitext(name)[1]
    partial = os.path.join(
        folder, f"{local_files.random_token()}.partial{suffix}"
    )
    if is_remote(path):
        with _remote(path).replacing(path, partial) as local:
            yield local
        return
    with contextlib.suppress(FileNotFoundError):
        os.lstat(path)  # A name that is too long is told before any work.
    local_files.create_new(partial).close()
    try:
        yield partial
        with open(partial, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, partial):
            raise
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        if os.path.exists(partial):
            os.remove(partial)


@contextlib.contextmanager
def replacing_folder(path: str) -> Iterator[str]:
    """Gives a new folder's path; what was written there then takes `path`.

    The old folder stays complete until the new one is.  A remote one is written
    in its place: objects are not renamed together.

    Yields:
        The path of the folder to make.

    Raises:
        OSError: It cannot take `path`.
    """
    if is_remote(path):
        yield path
        return
    path = os.path.realpath(path)
    new = f"{path}.{local_files.random_token()}.new"
    try:
        yield new
        old = f"{path}.{local_files.random_token()}.old"
        has_old = os.path.isdir(path)
        if has_old:
            os.rename(path, old)
        try:
            os.rename(new, path)
        except OSError:
            if has_old:
                os.rename(old, path)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def remove_partial(folder: str) -> None:
    """Removes what writers that were killed have left in a folder.

    Only for a folder that no other process writes to.
    """
    for name in names(folder):
        if _PARTIAL.fullmatch(name):
            remove(join(folder, name))


def write_bytes(path: str, content: bytes) -> None:
    """Writes a file, whole or not at all."""
    with replacing(path) as partial:
        with open(partial, "wb") as file:
            file.write(content)


def write_text(path: str, text: str) -> None:
    """Writes a UTF-8 text file, whole or not at all."""
    write_bytes(path, text.encode())


def _remote(path: str) -> types.ModuleType:
    """Imports what needs TensorFlow, where a path asks for it.

    Raises:
        OSError: TensorFlow has no such file system.
    """
    scheme = path.partition("://")[0]
    if scheme not in _SCHEMES:
        raise OSError(
            f"{path}: TensorFlow reads and writes gs:// and local files, not "
            f"{scheme}://. Copy the data to a local folder first, for example "
            "with aws s3 sync s3://BUCKET/FOLDER DIR, and name that; let a "
            "run write to a local folder, too."
        )
    from trainer.storage import remote_files

    return remote_files
