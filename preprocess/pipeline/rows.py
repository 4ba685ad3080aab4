"""Files and frames as short tuples: what travels between the job's steps.

A runner may hold ten copies of what it shuffles, so a path that follows from
the frame's name is left out and put back on arrival.
"""

from preprocess.options import Options
from preprocess.sources import source_files
from preprocess.sources.pairing import Frame
from preprocess.sources.source_files import Listing, SourceFile

Part = tuple[str, int, str]
"""(path, empty where it is as expected; size in bytes; version) of a file."""

FileRow = tuple[bool, str, Part]
"""(whether it is a label map, stem, part)."""

FrameRow = tuple[str, str, Part, Part | None]
"""(split, stem, picture, label map or None)."""


def pack_file(file: SourceFile, listing: Listing) -> FileRow:
    """Packs a file that a listing found."""
    return file.is_label, file.stem, _pack(file, listing)


def unpack_file(row: FileRow, split: str, options: Options) -> SourceFile:
    """Returns the file that was packed."""
    is_label, stem, part = row
    return _unpack(stem, part, _listings(split, options)[is_label])


def pack_frame(frame: Frame, options: Options) -> FrameRow:
    """Packs a frame."""
    image_listing, label_listing = _listings(frame.split, options)
    label = _pack(frame.label, label_listing) if frame.label else None
    return (
        frame.split,
        frame.image.stem,
        _pack(frame.image, image_listing),
        label,
    )


def unpack_frame(row: FrameRow, options: Options) -> Frame:
    """Returns the frame that was packed."""
    split, stem, image, label = row
    image_listing, label_listing = _listings(split, options)
    return Frame(
        split,
        _unpack(stem, image, image_listing),
        _unpack(stem, label, label_listing) if label else None,
    )


def _listings(split: str, options: Options) -> tuple[Listing, Listing]:
    """Returns the listings of a split's pictures and label maps."""
    root, layout = options.cityscapes_root, options.layout
    return (
        Listing(root, layout, split, False),
        Listing(root, layout, split, True),
    )


def _pack(file: SourceFile, listing: Listing) -> Part:
    is_expected = file.path == source_files.expected_path(listing, file.stem)
    return "" if is_expected else file.path, file.num_bytes, file.version


def _unpack(stem: str, part: Part, listing: Listing) -> SourceFile:
    path, num_bytes, version = part
    path = path or source_files.expected_path(listing, stem)
    return SourceFile(stem, listing.is_label, path, num_bytes, version)
