"""Finds picture files: in folders, patterns, zips and on gs://."""

import os

from trainer.storage import archives, files

CITYSCAPES_ENDING = "_leftImg8bit"
SUFFIXES = (".png", ".jpg", ".jpeg")
_IN_ZIP = f"{archives.ZIP_SUFFIX}/"


def find_pictures(pattern: str) -> list[str]:
    """Lists the pictures that a file, a glob pattern, folder or zip names.

    In a folder and those below it, and in a zip, Cityscapes'
    `*_leftImg8bit.png` are the pictures; where there are none, every PNG and
    JPEG is.  A picture in a zip is called `FILE.zip/MEMBER`.

    Raises:
        FileNotFoundError: There is no picture.
        ValueError: The zip is none.
    """
    if files.is_folder(pattern):
        found = files.walk(pattern)
    elif archives.is_zip(pattern):
        members = archives.open_zip(pattern).namelist()
        found = [files.join(pattern, name) for name in members]
    else:
        return _match(pattern)
    paths = sorted(path for path in found if path.lower().endswith(SUFFIXES))
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
        ValueError: It is a damaged part of a zip.
    """
    archive, separator, member = path.partition(_IN_ZIP)
    if separator and files.num_bytes(path) is None:
        return archives.read_member(archive + archives.ZIP_SUFFIX, member)
    return files.read_bytes(path)


def stem(path: str) -> str:
    """Returns a file's name without folder, suffix and `_leftImg8bit`."""
    name = os.path.splitext(os.path.basename(path))[0]
    return name.removesuffix(CITYSCAPES_ENDING)


def _match(pattern: str) -> list[str]:
    paths = sorted(files.match(pattern))
    if not paths:
        raise FileNotFoundError(
            f"--input={pattern} is no file, no folder and matches none"
        )
    return paths
