"""A root of pictures and label maps: folders on any file system, or zips.

A folder, such as `{root}/leftImg8bit`, wins over zips that may hold its files,
such as `{root}/leftImg8bit_*.zip`.  Zips are read in place.
"""

import dataclasses
import functools
import re
from collections.abc import Iterator

from preprocess.errors import BadPictureError, ConversionError
from preprocess.storage import files
from schemas.layouts import filenames
from schemas.layouts.filenames import Stray
from schemas.layouts.kinds import Place
from schemas.layouts.layout import Layout
from schemas.sources import zips

_IN_ZIP = re.compile(r"\.zip(?=!)", re.IGNORECASE)

_Found = tuple[str, str, int, str]
"""(path below the split's folder, path, size in bytes, version) of a file."""


@dataclasses.dataclass(frozen=True, order=True)
class SourceFile:
    """One picture or label map of the source, by reference.

    Attributes:
        stem: What tells its frame, see `Place.stem`.
        is_label: Whether it is a label map rather than a picture.
        path: Where it is; `ZIP!ENTRY` for a file in a zip.
        num_bytes: Its size.
        version: Changes when the file does: its time, or the zip's CRC.
    """

    stem: str
    is_label: bool
    path: str
    num_bytes: int
    version: str


@dataclasses.dataclass(frozen=True)
class Listing:
    """What to look for: one kind of file of one split.

    Attributes:
        root: The folder that holds all.
        layout: Where files lie below it.
        split: The split's name.
        is_label: Whether label maps are looked for.
    """

    root: str
    layout: Layout
    split: str
    is_label: bool

    @functools.cached_property
    def place(self) -> Place:
        """Where such files lie, and how they are named."""
        return self.layout.place(self.split, self.is_label)


def list_files(listing: Listing) -> Iterator[SourceFile | Stray]:
    """Lists one kind of file of one split, in no particular order.

    What looks like such a file and is none is listed as a stray.

    Raises:
        ConversionError: A folder or zip cannot be read.
    """
    place, holds = listing.place, listing.layout.holds
    for below, path, num_bytes, version in list_below(listing):
        stem = place.stem(below)
        if not holds(listing.split, below if stem is None else stem):
            continue
        if stem is not None:
            yield SourceFile(stem, listing.is_label, path, num_bytes, version)
        elif reason := place.complaint(below):
            yield Stray(path, reason)


def list_below(listing: Listing) -> Iterator[_Found]:
    """Lists all files below the split's folder, whatever they are named.

    Raises:
        ConversionError: A folder or zip cannot be read.
    """
    try:
        if has_folder(listing):
            yield from _list_folder(listing)
        else:
            yield from _list_zips(listing)
    except OSError as error:
        raise ConversionError(
            f"the source cannot be listed ({error}); mend that and run the "
            "same command again, finished shards are kept."
        ) from error


def expected_path(listing: Listing, stem: str) -> str:
    """Returns where a frame's file should be in a tree of folders."""
    return files.join(listing.root, listing.place.expected(stem))


def read(path: str) -> bytes:
    """Returns the bytes of a `SourceFile`'s path.

    Raises:
        BadPictureError: The zip entry is damaged or too large; has the path.
        OSError: The file cannot be read, or the zip has changed.
    """
    for found in _IN_ZIP.finditer(path):
        zip_path, entry = path[: found.end()], path[found.end() + 1 :]
        if _is_file(zip_path):
            break
    else:
        return files.read_bytes(path)
    try:
        return zips.read_entry(open_zip(zip_path), entry)
    except ValueError as error:
        raise BadPictureError(str(error), path) from error


def _list_folder(listing: Listing) -> Iterator[_Found]:
    folder = _folder(listing, listing.place.folder)
    for found in files.list_below(folder):
        version = f"{found.modified_seconds:.6f}"
        below = found.path[len(folder) + 1 :]
        yield below, found.path, found.num_bytes, version


def _list_zips(listing: Listing) -> Iterator[_Found]:
    for zip_path in zip_paths(listing):
        for entry in open_zip(zip_path).infolist():
            if not entry.filename.endswith(("/", "\\")):
                below = listing.place.below(
                    filenames.entry_path(entry.filename)
                )
                if below is not None:
                    path = f"{zip_path}!{entry.filename}"
                    yield below, path, entry.file_size, f"{entry.CRC:08x}"


@functools.lru_cache(maxsize=8)
def open_zip(path: str) -> zips.Archive:
    """Opens a zip once a process; reading from it is thread-safe.

    Raises:
        ConversionError: It is not a complete zip archive, or encrypted.
    """
    try:
        return zips.open_zip(files.open_binary(path))
    except ValueError as error:
        raise ConversionError(f"{path} {error}.") from error


@functools.lru_cache(maxsize=64)
def _is_file(path: str) -> bool:
    return files.exists(path)


def zip_paths(listing: Listing) -> list[str]:
    """Returns the zips in the root that may hold the files."""
    return [
        file.path
        for file in files.list_folder(listing.root)
        if listing.place.is_zip_name(file.path.rpartition("/")[2])
    ]


def has_folder(listing: Listing) -> bool:
    """Whether the root holds such files in folders."""
    return files.has_folder(_folder(listing, listing.place.top))


def _folder(listing: Listing, below: str) -> str:
    return files.join(listing.root, below) if below else listing.root
