"""A Cityscapes root: folders on any file system, or the official zips.

A folder `{root}/leftImg8bit` wins over `{root}/leftImg8bit_*.zip`; likewise
for gtFine and gtCoarse.  Zips are read in place.
"""

import dataclasses
import functools
import itertools
import zipfile
from collections.abc import Iterator

from preprocess import files
from preprocess.errors import BadPictureError, ConversionError
from preprocess.found_file import FoundFile
from schemas import example, zips

IMAGE_TYPE = "leftImg8bit"
ANNOTATIONS = ("gtFine", "gtCoarse")
_PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
_ZIP_SEPARATOR = "!"

_Found = tuple[str, int, str]
"""(path, size in bytes, version) of a file."""


@dataclasses.dataclass(frozen=True, order=True)
class SourceFile:
    """One PNG of the source, by reference.

    Attributes:
        stem: The frame's name, `<city>_<seq>_<frame>`.
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
        root: The Cityscapes root.
        split: The split's folder name.
        data_type: `leftImg8bit`, `gtFine` or `gtCoarse`.
    """

    root: str
    split: str
    data_type: str

    @property
    def is_label(self) -> bool:
        """Whether label maps are looked for."""
        return self.data_type != IMAGE_TYPE

    @property
    def suffix(self) -> str:
        """What follows the stem in the files' names."""
        kind = "_labelIds" if self.is_label else ""
        return f"_{self.data_type}{kind}.png"


def check_root(root: str, annotation: str, needs_labels: bool) -> None:
    """Checks that a root holds what is looked for, before any work.

    Raises:
        ConversionError: A kind of file is missing altogether; says what was
            looked for and what is there.
    """
    wanted = [IMAGE_TYPE] + [annotation] * needs_labels
    missing = [name for name in wanted if not _holds(root, name)]
    if not missing:
        return
    entries = sorted({_first_part(root, m.path) for m in _top(root)})
    found = ", ".join(entries[:8]) or "nothing"
    hint = f"Point --cityscapes_root at the folder that holds {missing[0]}/."
    if root.rstrip("/").endswith(tuple(wanted)):
        hint = "Use its parent folder as --cityscapes_root."
    raise ConversionError(
        f"{root} holds neither {missing[0]}/ nor {missing[0]}_*.zip; found "
        f"{found}. {hint}"
    )


def list_files(listing: Listing) -> Iterator[SourceFile]:
    """Lists one kind of file of one split, in no particular order.

    Raises:
        ConversionError: A picture's name does not follow Cityscapes' rule,
            or a zip is damaged.
    """
    if _has_folder(listing.root, listing.data_type):
        found = _list_folder(listing)
    else:
        found = _list_zips(listing)
    for path, num_bytes, version in _naming_errors(found):
        name = path.rpartition("/")[2]
        if name.startswith("."):
            continue
        if name.endswith(listing.suffix) and name != listing.suffix:
            stem = name.removesuffix(listing.suffix)
            _check_stem(stem, path)
            yield SourceFile(stem, listing.is_label, path, num_bytes, version)
        elif not listing.is_label and name.endswith(_PICTURE_SUFFIXES):
            raise ConversionError(
                f"{path} is not named <city>_<seq>_<frame>{listing.suffix}; "
                "rename it or move it away."
            )


def _naming_errors(found: Iterator[_Found]) -> Iterator[_Found]:
    """Passes on what was found; says so where something cannot be read.

    Raises:
        ConversionError: A folder or a zip cannot be read.
    """
    try:
        yield from found
    except OSError as error:
        raise ConversionError(
            f"the source cannot be listed ({error}); mend that and run the "
            "same command again, finished shards are kept."
        ) from error


def _check_stem(stem: str, path: str) -> None:
    """Raises ConversionError where a stem cannot be a record's name."""
    try:
        example.check_name(stem)
    except ValueError as error:
        shown = path.encode(errors="backslashreplace").decode()
        raise ConversionError(
            f"{shown!r}: {error}; rename the file."
        ) from error


def expected_path(listing: Listing, stem: str) -> str:
    """Returns where a frame's file should be in a tree of folders."""
    city = stem.rsplit("_", 2)[0]
    name = stem + listing.suffix
    return files.join(
        listing.root, listing.data_type, listing.split, city, name
    )


def read(path: str) -> bytes:
    """Returns the bytes of a `SourceFile`'s path.

    Raises:
        BadPictureError: The zip entry is damaged or too large.
        OSError: The file cannot be read.
    """
    zip_path, separator, entry = path.partition(f".zip{_ZIP_SEPARATOR}")
    if not separator:
        return files.read_bytes(path)
    archive = _open_zip(f"{zip_path}.zip")
    try:
        return zips.read_entry(archive, entry)
    except ValueError as error:
        raise BadPictureError(str(error)) from error


def _list_folder(listing: Listing) -> Iterator[_Found]:
    folder = files.join(listing.root, listing.data_type, listing.split)
    for found in files.list_below(folder):
        version = f"{found.modified_seconds:.6f}"
        yield found.path, found.num_bytes, version


def _list_zips(listing: Listing) -> Iterator[_Found]:
    prefix = f"{listing.data_type}/{listing.split}/"
    for zip_path in _zip_paths(listing.root, listing.data_type):
        for entry in _open_zip(zip_path).infolist():
            if entry.filename.startswith(prefix) and not entry.is_dir():
                path = f"{zip_path}{_ZIP_SEPARATOR}{entry.filename}"
                yield path, entry.file_size, f"{entry.CRC:08x}"


@functools.lru_cache(maxsize=8)
def _open_zip(path: str) -> zipfile.ZipFile:
    """Opens a zip once a process; reading from it is thread-safe."""
    try:
        return zips.open_zip(files.open_binary(path))
    except ValueError as error:
        raise ConversionError(
            f"{path} is no whole zip ({error}); download it again."
        ) from error


def _zip_paths(root: str, data_type: str) -> list[str]:
    start = files.join(root, data_type)
    paths = (file.path for file in files.list_folder(root))
    return [p for p in paths if p.startswith(start) and p.endswith(".zip")]


def _has_folder(root: str, data_type: str) -> bool:
    folder = files.join(root, data_type)
    if files.is_local(root):
        return files.exists(folder)
    return any(files.list_below(folder, 1))


def _holds(root: str, data_type: str) -> bool:
    return _has_folder(root, data_type) or bool(_zip_paths(root, data_type))


def _top(root: str) -> Iterator[FoundFile]:
    return itertools.islice(files.list_below(root, 1000), 1000)


def _first_part(root: str, path: str) -> str:
    relative = path.removeprefix(root.rstrip("/") + "/")
    first, slash, _ = relative.partition("/")
    return first + slash
