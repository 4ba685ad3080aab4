"""Cityscapes as it is downloaded: folders, or the official zips in place.

A source is the folder of `leftImg8bit/` and `gtFine/`, or of the zips; or
the zips themselves, with a comma between them.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping

from schemas.manifest import SPLIT_ALIASES
from trainer.storage import archives, files
from trainer.storage.archives import Reader

STEM = r"(?P<stem>[^/]+_\d{6}_\d{6})"
"""A frame's name, `<city>_<sequence>_<frame>`, as a pattern."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        folder: The folder above the splits; a zip's name begins with it.
        ending: What follows a frame's stem in file names.
    """

    folder: str
    ending: str


PICTURES = Kind("leftImg8bit", "_leftImg8bit.png")
LABELS = Kind("gtFine", "_gtFine_labelIds.png")


def is_source(path: str) -> bool:
    """Whether a path is, or holds, fine labels as they are downloaded."""
    if any(map(archives.is_zip, path.split(","))):
        return True
    return files.is_folder(files.join(path, LABELS.folder)) or bool(
        _zips(path, LABELS)
    )


def find(source: str, split: str, kind: Kind) -> dict[str, Reader]:
    """Finds one kind of file of a split.

    Args:
        source: A folder or zips, as the module says.
        split: The split's name, Cityscapes' or DeepLab's.
        kind: `PICTURES` or `LABELS`.

    Returns:
        The frame's stem → its content's reader, in order of the stems.

    Raises:
        FileNotFoundError: There is none.
        ValueError: A zip is none, or a frame comes twice.
    """
    split = SPLIT_ALIASES.get(split, split)
    pattern = re.compile(
        rf"(.*/)?{kind.folder}/{re.escape(split)}/[^/]+/{STEM}{kind.ending}"
    )
    found: dict[str, tuple[str, Reader]] = {}
    for path, reader in _list_files(source, split, kind):
        match = pattern.fullmatch(path)
        if not match:
            continue
        stem = match["stem"]
        if stem in found:
            raise ValueError(
                f"{source} holds {stem} twice: {found[stem][0]} and {path}"
            )
        found[stem] = path, reader
    if not found:
        raise FileNotFoundError(
            f"{source} holds no {kind.folder}/{split}/*/*{kind.ending}"
        )
    return {stem: found[stem][1] for stem in sorted(found)}


def pair(
    wanted: Mapping[str, Reader], others: Mapping[str, Reader], what: str
) -> list[tuple[str, Reader, Reader]]:
    """Joins each frame with its other file.

    Args:
        wanted: Stem → reader, of every frame.
        others: Stem → reader; more than those wanted do not matter.
        what: What the other file is.

    Returns:
        (stem, reader, the other's reader) of each frame, in order.

    Raises:
        FileNotFoundError: Frames have no other file.
    """
    missing = [stem for stem in wanted if stem not in others]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(wanted)} frames have no {what}, first "
            f"{missing[0]}"
        )
    return [(stem, wanted[stem], others[stem]) for stem in wanted]


def _list_files(
    source: str, split: str, kind: Kind
) -> Iterator[tuple[str, Reader]]:
    """Lists what may be of a kind; folders win over zips beside them."""
    for part in source.split(","):
        folder = files.join(part, kind.folder)
        if archives.is_zip(part):
            yield from archives.list_files(part).items()
        elif files.is_folder(folder):
            split_folder = files.join(folder, split)
            if files.is_folder(split_folder):
                yield from archives.list_files(split_folder).items()
        else:
            for path in _zips(part, kind):
                yield from archives.list_files(path).items()


def _zips(folder: str, kind: Kind) -> list[str]:
    return [
        files.join(folder, name)
        for name in files.names(folder)
        if name.startswith(kind.folder) and archives.is_zip(name)
    ]
