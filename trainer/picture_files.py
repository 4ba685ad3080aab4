"""Finds picture files: in folders, patterns, zips and on gs://."""

import functools
import glob
import os
import zipfile

from trainer import storage

CITYSCAPES_ENDING = "_leftImg8bit"
SUFFIXES = (".png", ".jpg", ".jpeg")
_IN_ZIP = ".zip/"


def find_pictures(pattern: str) -> list[str]:
    """Lists the pictures that a file, a glob pattern, folder or zip names.

    In a folder and those below it, and in a zip, Cityscapes'
    `*_leftImg8bit.png` are the pictures; where there are none, every PNG and
    JPEG is.  A picture in a zip is called `FILE.zip/MEMBER`.

    Raises:
        FileNotFoundError: There is no picture.
        ValueError: The zip is none.
    """
    is_folder = _is_folder(pattern)
    if not is_folder and not pattern.lower().endswith(".zip"):
        paths = sorted(_match(pattern))
        if not paths:
            raise FileNotFoundError(
                f"--input={pattern} is no file, no folder and matches none"
            )
        return paths
    names = _walk(pattern) if is_folder else _open_zip(pattern).namelist()
    paths = sorted(
        storage.join(pattern, name)
        for name in names
        if name.lower().endswith(SUFFIXES)
    )
    if not paths:
        raise FileNotFoundError(
            f"--input={pattern} holds no {', '.join(SUFFIXES)} file, nor do "
            "the folders in it"
        )
    frames = [path for path in paths if f"{CITYSCAPES_ENDING}.png" in path]
    return frames or paths


def read_bytes(path: str) -> bytes:
    """Reads a file that `find_pictures` found.

    Raises:
        OSError: It cannot be read.
    """
    archive, separator, member = path.partition(_IN_ZIP)
    if separator and not os.path.exists(path):
        return _open_zip(archive + _IN_ZIP[:-1]).read(member)
    with storage.open_binary(path) as file:
        return file.read()


def stem(path: str) -> str:
    """Returns a file's name without folder, suffix and `_leftImg8bit`."""
    name = os.path.splitext(os.path.basename(path))[0]
    return name.removesuffix(CITYSCAPES_ENDING)


@functools.lru_cache(maxsize=1)
def _open_zip(path: str) -> zipfile.ZipFile:
    """Opens a zip once for all its members; threads may share it."""
    if not os.path.isfile(path):
        raise FileNotFoundError(f"--input={path} does not exist")
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ValueError(f"--input={path} is no zip: {error}") from error


def _is_folder(path: str) -> bool:
    if not storage.is_remote(path):
        return os.path.isdir(path)
    import tensorflow as tf

    return tf.io.gfile.isdir(path)


def _match(pattern: str) -> list[str]:
    """Lists the files that a path or pattern names."""
    if not storage.is_remote(pattern):
        exact = [pattern] if os.path.isfile(pattern) else []
        return exact or list(filter(os.path.isfile, glob.glob(pattern)))
    import tensorflow as tf

    return tf.io.gfile.glob(pattern)


def _walk(folder: str) -> list[str]:
    """Lists the files in and below a folder, relative to it."""
    walk = os.walk
    if storage.is_remote(folder):
        import tensorflow as tf

        walk = tf.io.gfile.walk
    return [
        f"{below.rstrip('/')}/{name}"[len(folder.rstrip("/")) + 1 :]
        for below, _, names in walk(folder)
        for name in names
    ]
