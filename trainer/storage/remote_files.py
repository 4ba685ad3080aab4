"""Files behind a scheme, like gs://, by TensorFlow's file systems.

Whatever TensorFlow says about a path becomes an OSError that names it, as
it would be for a local one.
"""

import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

import tensorflow as tf

from trainer.storage import tf_errors

_WITHOUT_FOLDERS = ("gs://",)
"""Names with slashes are all there is; folders would be empty objects."""


@contextlib.contextmanager
def _os_errors(path: str) -> Iterator[None]:
    try:
        yield
    except tf.errors.NotFoundError as error:
        raise FileNotFoundError(f"{path} does not exist") from error
    except tf.errors.OpError as error:
        reason = tf_errors.reason(error) or type(error).__name__
        raise OSError(f"{path}: {reason}") from error


class _Reading(io.RawIOBase):
    """A remote file as Python's own readers want it."""

    def __init__(self, path: str):
        self._path = path
        self._file = tf.io.gfile.GFile(path, "rb")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _os_errors(self._path):
            content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        with _os_errors(self._path):
            self._file.seek(offset, whence)
            return self._file.tell()

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


def open_binary(path: str) -> BinaryIO:
    """Opens a file for reading bytes, from any place in it."""
    return io.BufferedReader(_Reading(path), 1 << 20)


def num_bytes(path: str) -> int | None:
    """Returns a file's size, None where there is no such file."""
    try:
        with _os_errors(path):
            return tf.io.gfile.stat(path).length
    except FileNotFoundError:
        return None


def is_folder(path: str) -> bool:
    """Returns whether there is such a folder."""
    with _os_errors(path):
        return tf.io.gfile.isdir(path)


def names(folder: str) -> list[str]:
    """Lists a folder's names in order; none where there is no folder."""
    if not is_folder(folder):
        return []
    with _os_errors(folder):
        found = tf.io.gfile.listdir(folder)
    return sorted(name.rstrip("/") for name in found)


def walk(folder: str) -> list[str]:
    """Lists the paths of the files in and below a folder."""
    with _os_errors(folder):
        return [
            f"{below.rstrip('/')}/{name}"
            for below, _, names in tf.io.gfile.walk(folder)
            for name in names
        ]


def match(pattern: str) -> list[str]:
    """Lists the files that a path or pattern names."""
    with _os_errors(pattern):
        return tf.io.gfile.glob(pattern)


def make_folder(path: str) -> None:
    """Makes a folder and those above it, where the system knows folders."""
    if path.startswith(_WITHOUT_FOLDERS):
        return
    with _os_errors(path):
        tf.io.gfile.makedirs(path)


def remove(path: str) -> None:
    """Removes a file."""
    with _os_errors(path):
        tf.io.gfile.remove(path)


@contextlib.contextmanager
def replacing(path: str, partial: str) -> Iterator[str]:
    """Gives a local path; copies it to `partial`, which then takes `path`.

    Yields:
        The path to write to, on the local disk.
    """
    with tempfile.TemporaryDirectory() as folder:
        local = os.path.join(folder, f"content{os.path.splitext(path)[1]}")
        yield local
        with _os_errors(path):
            with open(local, "rb") as source:
                with tf.io.gfile.GFile(partial, "wb") as target:
                    target.write(b"")  # Without a write there is no file.
                    shutil.copyfileobj(source, target)
            tf.io.gfile.rename(partial, path, overwrite=True)
