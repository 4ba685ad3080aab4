"""Files and frames as short tuples: what travels between the job's steps.

A runner may hold ten copies of what it shuffles, so a path that follows from
the frame's name is left out and put back on arrival.
"""

from preprocess.options import Options
from preprocess.sources import cityscapes
from preprocess.sources.cityscapes import Listing, SourceFile
from preprocess.sources.pairing import Frame

Part = tuple[str, int, str]
"""(path, empty where it is as expected; size in bytes; version) of a file."""

FileRow = tuple[str, str, Part]
"""(data type, stem, part)."""

FrameRow = tuple[str, str, Part, Part | None]
"""(split, stem, picture, label map or None)."""


def pack_file(file: SourceFile, listing: Listing) -> FileRow:
    """Packs a file that a listing found."""
    return listing.data_type, file.stem, _pack(file, listing)


def unpack_file(row: FileRow, split: str, options: Options) -> SourceFile:
    """Returns the file that was packed."""
    data_type, stem, part = row
    return _unpack(
        stem, part, Listing(options.cityscapes_root, split, data_type)
    )


def pack_frame(frame: Frame, options: Options) -> FrameRow:
    """Packs a frame."""
    image_listing, label_listing = _listings(frame.split, options)
    label = _pack(frame.label, label_listing) if frame.label else None
    return frame.split, frame.name, _pack(frame.image, image_listing), label


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
    root = options.cityscapes_root
    return (
        Listing(root, split, cityscapes.IMAGE_TYPE),
        Listing(root, split, options.annotation),
    )


def _pack(file: SourceFile, listing: Listing) -> Part:
    is_expected = file.path == cityscapes.expected_path(listing, file.stem)
    return "" if is_expected else file.path, file.num_bytes, file.version


def _unpack(stem: str, part: Part, listing: Listing) -> SourceFile:
    path, num_bytes, version = part
    path = path or cityscapes.expected_path(listing, stem)
    return SourceFile(stem, listing.is_label, path, num_bytes, version)
