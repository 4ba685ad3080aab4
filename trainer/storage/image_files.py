"""Finds picture files: in folders, patterns, zips and on gs://."""

import dataclasses
import functools
import re

from schemas.layouts import filenames
from schemas.layouts.filenames import Stray
from schemas.sources import zips
from trainer.storage import archives, files
from trainer.storage.archives import StoredFile

_IN_ZIP = re.compile(r"\.zip(?=/)", re.IGNORECASE)
_OF_FRAMES = filenames.FRAMES_FOLDER


@dataclasses.dataclass(frozen=True)
class Pictures:
    """The pictures that an input names.

    Attributes:
        paths: Their paths in order; `FILE.zip/MEMBER` for one in a zip.
        strays: Pictures of a folder or zip that are not among them.
    """

    paths: tuple[str, ...]
    strays: tuple[Stray, ...] = ()


def find_pictures(pattern: str) -> Pictures:
    """Lists the pictures that a file, folder, zip or glob pattern names.

    Of a folder with those below it, and of a zip, every file named as a
    picture is one, except label maps and former predictions; where it has a
    folder leftImg8bit/, as Cityscapes does, those in it are the pictures.  A
    name is a pattern only where no file and no folder has it.

    Raises:
        FileNotFoundError: There is no picture.
        OSError: A folder cannot be read.
        ValueError: The zip is damaged.
    """
    if not files.is_folder(pattern) and not filenames.is_zip(pattern):
        return _match(pattern)
    found = [
        file
        for file in archives.list_files(pattern)
        if not filenames.is_label_path(file.below)
    ]
    chosen = [file for file in found if filenames.is_picture(file.below)]
    frames = [file for file in chosen if _is_frame(file.below)]
    strays = [
        Stray(file.path, reason)
        for file in found
        if (reason := filenames.picture_complaint(file.below))
    ]
    if frames:
        strays += [
            Stray(file.path, f"not below {_OF_FRAMES}/")
            for file in chosen
            if not _is_frame(file.below)
        ]
        chosen = frames
    if not chosen:
        raise FileNotFoundError(_why_none(pattern, found, strays))
    paths = tuple(sorted(file.path for file in chosen))
    return Pictures(paths, tuple(strays))


def read_bytes(path: str) -> bytes:
    """Reads a file that `find_pictures` found.

    Raises:
        OSError: It cannot be read.
        ValueError: It is a damaged part of a zip.
    """
    archive, member = _split(path)
    if archive:
        return archives.read_member(archive, member)
    return files.read_bytes(path)


def read_head(path: str, num_bytes: int) -> bytes:
    """Reads a file's first bytes; raises what `read_bytes` raises."""
    archive, member = _split(path)
    if archive:
        return zips.read_head(archives.open_zip(archive), member, num_bytes)
    with files.open_binary(path) as file:
        return file.read(num_bytes)


def stem(path: str) -> str:
    """Returns a file's name without folder, suffix and `_leftImg8bit`."""
    archive, member = _split(path)
    return filenames.picture_stem(
        filenames.entry_path(member) if archive else member
    )


def _is_frame(below: str) -> bool:
    return f"/{_OF_FRAMES}/" in f"/{below}"


def _split(path: str) -> tuple[str, str]:
    """Returns a zip, empty where there is none, and the path in it."""
    for found in _IN_ZIP.finditer(path):
        archive = path[: found.end()]
        if _is_file(archive):
            return archive, path[found.end() + 1 :]
    return "", path


@functools.lru_cache(maxsize=64)
def _is_file(path: str) -> bool:
    return files.num_bytes(path) is not None


def _match(pattern: str) -> Pictures:
    if files.num_bytes(pattern) is not None:
        return Pictures((pattern,))
    paths = sorted(files.match(pattern))
    if not paths:
        raise FileNotFoundError(
            f"--input={pattern} is neither a file nor a folder, and as a "
            "pattern it matches no file"
        )
    strays = [
        Stray(path, filenames.CLIP_ALONE)
        for path in paths
        if filenames.is_clip(path)
    ]
    if len(strays) == len(paths):
        raise FileNotFoundError(
            f"--input={pattern} matches clips alone; give one by its name, as "
            f"--input={paths[0]}"
        )
    pictures = [path for path in paths if not filenames.is_clip(path)]
    return Pictures(tuple(pictures), tuple(strays))


def _why_none(source: str, found: list[StoredFile], strays: list[Stray]) -> str:
    line = f"--input={source} holds no {', '.join(filenames.PICTURE_SUFFIXES)}"
    if strays:
        return f"{line} file for the network: {filenames.describe(strays)}"
    zips = sorted(file.path for file in found if filenames.is_zip(file.below))
    hint = (
        f"; a zip has to be named itself, as --input={zips[0]}" if zips else ""
    )
    return f"{line} file, nor do the folders in it{hint}"
