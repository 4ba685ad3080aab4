"""Small files, local or remote: read whole, written beside and renamed.

Local paths need no TensorFlow, so that flags and manifests can be checked
before its slow import; `gs://` and its like go through tf.io.gfile.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import BinaryIO

PARTIAL_SUFFIX = ".partial"


def is_remote(path: str) -> bool:
    """Whether the path names a file system by a scheme, like gs://."""
    return "://" in path


def join(folder: str, name: str) -> str:
    """Joins a folder, local or remote, and a name."""
    return f"{folder.rstrip('/')}/{name}"


def read_text(path: str) -> str:
    """Reads a UTF-8 text file.

    Raises:
        FileNotFoundError: There is none.
        OSError: It cannot be read.
    """
    if not is_remote(path):
        with open(path, encoding="utf-8") as file:
            return file.read()
    import tensorflow as tf

    try:
        with tf.io.gfile.GFile(path, "r") as file:
            return file.read()
    except tf.errors.NotFoundError as error:
        raise FileNotFoundError(f"{path} does not exist") from error
    except tf.errors.OpError as error:
        raise OSError(f"{path} cannot be read: {error.message}") from error


def open_binary(path: str) -> BinaryIO:
    """Opens a file for reading bytes."""
    if not is_remote(path):
        return open(path, "rb")
    import tensorflow as tf

    return tf.io.gfile.GFile(path, "rb")


def num_bytes(path: str) -> int | None:
    """Returns a file's size, None where there is no such file."""
    if not is_remote(path):
        return os.path.getsize(path) if os.path.isfile(path) else None
    import tensorflow as tf

    try:
        return tf.io.gfile.stat(path).length
    except tf.errors.NotFoundError:
        return None


def names(folder: str) -> list[str]:
    """Lists a folder's names in order; none where there is no folder."""
    if not is_remote(folder):
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    import tensorflow as tf

    if not tf.io.gfile.isdir(folder):
        return []
    return sorted(name.rstrip("/") for name in tf.io.gfile.listdir(folder))


def make_folder(path: str) -> None:
    """Makes a folder and those above it."""
    if not is_remote(path):
        os.makedirs(path, exist_ok=True)
        return
    import tensorflow as tf

    tf.io.gfile.makedirs(path)


def remove(path: str) -> None:
    """Removes a file."""
    if not is_remote(path):
        os.remove(path)
        return
    import tensorflow as tf

    tf.io.gfile.remove(path)


@contextlib.contextmanager
def replacing(path: str) -> Iterator[str]:
    """Gives a local path to write to; what was written then takes `path`.

    The old file stays whole until the new one is complete.  The local path
    keeps `path`'s suffix, which some writers look at.

    Yields:
        The path to write to, on the local disk.
    """
    stem, suffix = os.path.splitext(path)
    if not is_remote(path):
        partial = f"{stem}{PARTIAL_SUFFIX}{suffix}"
        try:
            yield partial
            with open(partial, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            if os.path.exists(partial):
                os.remove(partial)
        return
    import tempfile

    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        local = os.path.join(folder, f"content{suffix}")
        yield local
        partial = f"{stem}{PARTIAL_SUFFIX}{suffix}"
        with open(local, "rb") as source:
            with tf.io.gfile.GFile(partial, "wb") as target:
                shutil.copyfileobj(source, target)
        tf.io.gfile.rename(partial, path, overwrite=True)


def write_bytes(path: str, content: bytes) -> None:
    """Writes a file, whole or not at all."""
    with replacing(path) as partial:
        with open(partial, "wb") as file:
            file.write(content)


def write_text(path: str, text: str) -> None:
    """Writes a UTF-8 text file, whole or not at all."""
    write_bytes(path, text.encode())
