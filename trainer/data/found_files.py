"""Data sets as they are downloaded: folders, or the official zips in place.

A source is the folder of, for Cityscapes, `leftImg8bit/` and `gtFine/`, or of
the zips; or the zips themselves, with a comma between them.  Names are read by
the rules of `schemas.layouts`, as the conversion reads them.
"""

import dataclasses
import os
import re
from collections.abc import Collection, Iterator, Mapping

from schemas.layouts import filenames, forms
from schemas.layouts.filenames import Stray
from schemas.layouts.kinds import Place, frame_name
from schemas.layouts.layout import Layout
from schemas.layouts.table import CITYSCAPES
from schemas.quantities import counted, noun
from schemas.shards.names import split_name
from schemas.sources import misplaced
from trainer.storage import archives, files
from trainer.storage.archives import StoredFile

_BETWEEN_ZIPS = re.compile(r"(?<=\.zip),", re.IGNORECASE)
_LABEL_IDS = "_labelids.png"


@dataclasses.dataclass(frozen=True)
class Found:
    """One kind of file of a split, or predictions of its frames.

    Attributes:
        files: What tells the frame, see `Place.stem` → its file, in order.
        strays: Files that look like one of these and are not taken.
    """

    files: Mapping[str, StoredFile]
    strays: tuple[Stray, ...]


@dataclasses.dataclass(frozen=True)
class Pair:
    """A frame's two files.

    Attributes:
        stem: What tells the frame, see `Place.stem`.
        first: The file of the kind that was wanted.
        second: The other one.
    """

    stem: str
    first: StoredFile
    second: StoredFile


def is_source(path: str, split: str, layout: Layout = CITYSCAPES) -> bool:
    """Whether a path is, or holds, label maps as they are downloaded."""
    parts = _parts(path)
    layout = _find_form(path, split, layout)
    place = _place(layout, split, is_label=True)
    if any(filenames.is_zip(part) and files.num_bytes(part) for part in parts):
        return True
    return any(
        files.is_folder(_folder(part, place.top)) or _zips(part, place)
        for part in parts
    )


def find(
    source: str, split: str, is_label: bool, layout: Layout = CITYSCAPES
) -> Found:
    """Finds one kind of file of a split.

    Args:
        source: A folder or zips, as the module says.
        split: The split's name, Cityscapes' or DeepLab's.
        is_label: Whether label maps are looked for.
        layout: Where files lie below a folder or in zips.

    Raises:
        FileNotFoundError: There is none.
        OSError: A folder cannot be read.
        ValueError: A zip is damaged, or a frame comes twice.
    """
    split = split_name(split)
    layout = _find_form(source, split, layout)
    if problem := layout.problem(split):
        raise ValueError(f"{source}: {problem}")
    place = _place(layout, split, is_label)
    found: dict[str, StoredFile] = {}
    names: dict[str, StoredFile] = {}
    strays, others = [], []
    for below, file in _list_files(source, place):
        stem = place.stem(below)
        if not layout.holds(split, below if stem is None else stem):
            continue
        if stem is None:
            others.append(below)
            if reason := place.complaint(below):
                strays.append(Stray(file.path, reason))
        elif (name := frame_name(stem)) in names:
            raise ValueError(
                f"{source} holds {name} twice: {names[name].path} and "
                f"{file.path}; remove one of the two, or rename it and its "
                "other file alike"
            )
        else:
            found[stem] = names[name] = file
    if not found:
        raise FileNotFoundError(_why_none(source, place, others))
    return Found({stem: found[stem] for stem in sorted(found)}, tuple(strays))


def find_predictions(source: str, stems: Collection[str]) -> Found:
    """Finds predicted label maps, one a frame as the server wants them.

    Where some are named `*_labelIds.png`, colours and overlays may lie
    beside them; else every PNG whose name begins with a frame's is one.

    Args:
        source: A folder, with those below it, or a zip.
        stems: The frames' names.

    Raises:
        FileNotFoundError: There is none.
        OSError: A folder cannot be read.
        ValueError: A frame has several, or the zip is damaged.
    """
    pngs = [
        file
        for file in archives.list_files(source)
        if file.below.lower().endswith(".png")
        and not filenames.is_hidden(file.below)
    ]
    named = [f for f in pngs if f.below.lower().endswith(_LABEL_IDS)]
    found: dict[str, StoredFile] = {}
    strays = []
    for file in sorted(named or pngs, key=lambda file: file.path):
        stem = _predicted(file.below.rpartition("/")[2], stems)
        if stem is None:
            strays.append(Stray(file.path, "of no frame of the split"))
        elif stem in found:
            raise ValueError(
                f"{source} holds several predictions of {stem}: "
                f"{found[stem].path} and {file.path}; leave one"
            )
        else:
            found[stem] = file
    if not found:
        raise FileNotFoundError(
            f"{source} holds no PNG named after one of the "
            f"{counted(len(stems), 'frame')}, like {min(stems)}_labelIds.png"
        )
    return Found(found, tuple(strays))


def pair(wanted: Found, others: Found, what: str) -> list[Pair]:
    """Joins each frame with its other file.

    Args:
        wanted: The file of every frame.
        others: The other files; more than those wanted do not matter.
        what: What the other file is.

    Returns:
        A pair of each frame, in order.

    Raises:
        FileNotFoundError: Frames have no other file.
    """
    missing = [stem for stem in wanted.files if stem not in others.files]
    if missing:
        left_out = filenames.describe(others.strays)
        raise FileNotFoundError(
            f"{len(missing)} of {counted(len(wanted.files), 'frame')} "
            f"{noun(len(missing), 'has', 'have')} no {what}, first "
            f"{wanted.files[missing[0]].path}; add it, or move the other file "
            f"away{f'. {left_out}' if left_out else ''}"
        )
    return [
        Pair(stem, file, others.files[stem])
        for stem, file in wanted.files.items()
    ]


def what_is_missing(
    source: str, flag: str, split: str, layout: Layout = CITYSCAPES
) -> str:
    """Says what a folder lacks to be of a layout, empty where nothing."""
    places = [layout.place(split, is_label) for is_label in (False, True)]
    return misplaced.missing_places(source, places, flag, files.names)


def _predicted(name: str, stems: Collection[str]) -> str | None:
    """Returns the frame that a file's name begins with."""
    stem = name
    while stem:
        stem = stem.rpartition("_")[0] if "_" in stem else ""
        if stem in stems:
            return stem
    plain = name[: -len(".png")]
    official = filenames.benchmark_name(name)
    return next((stem for stem in (plain, official) if stem in stems), None)


def _list_files(source: str, place: Place) -> Iterator[tuple[str, StoredFile]]:
    """Lists what lies in a split's folder.

    Yields:
        (path below the split's folder, file).
    """
    for part in _places(source, place):
        if filenames.is_zip(part) and not files.is_folder(part):
            for file in archives.list_files(part):
                below = place.below(file.below)
                if below is not None:
                    yield below, file
        elif files.is_folder(folder := _folder(part, place.folder)):
            for file in archives.list_files(folder):
                yield file.below, file


def _splits(source: str, place: Place) -> list[str]:
    """Returns the folders of the splits that a kind of file has."""
    head = place.kind.pattern.partition("{split}")[0].rpartition("/")[0]
    paths: list[str] = []
    for part in _places(source, place):
        if filenames.is_zip(part) and not files.is_folder(part):
            paths += [file.below for file in archives.list_files(part)]
        else:
            names = files.names(_folder(part, head))
            paths += [f"{head}/{name}/".lstrip("/") for name in names]
    return sorted(set(filter(None, map(place.kind.split_of, paths))))


def _why_none(source: str, place: Place, others: list[str]) -> str:
    """Says why nothing is found, and what to do about it."""
    splits = _splits(source, place)
    if not splits and files.is_folder(source):
        missing = misplaced.missing_places(
            source, (place,), "--data_dir", files.names
        )
        if missing:
            return missing
    if not splits and not files.is_folder(source):
        return (
            f"{source} holds no {place.top}/; give --data_dir the zips of "
            "pictures and of label maps, with a comma between them"
        )
    reason = misplaced.missing_files(place, splits, others)
    return f"{source} holds no {place.wildcard}: {reason}."


def _places(source: str, place: Place) -> list[str]:
    """Returns the zips, and the folders above `place.top`, to look into.

    A folder wins over the zips beside it.
    """
    places: list[str] = []
    for part in _parts(source):
        is_zip = filenames.is_zip(part) and not files.is_folder(part)
        if is_zip or files.is_folder(_folder(part, place.top)):
            places.append(part)
        else:
            places += _zips(part, place)
    return places


def _find_form(source: str, split: str, layout: Layout) -> Layout:
    """Returns the form of a layout that a source has, of several."""

    def place(form: Layout) -> Place:
        return _place(form, split, is_label=True)

    return forms.find_form(
        layout,
        (split_name(split),),
        lambda form, _: any(True for _ in _list_files(source, place(form))),
        lambda form: _splits(source, place(form)),
    )


def _place(layout: Layout, split: str, is_label: bool) -> Place:
    return layout.place(split_name(split), is_label)


def _folder(source: str, below: str) -> str:
    return files.join(source, below) if below else source


def _parts(source: str) -> list[str]:
    """Returns the zips of a list of zips, else the source itself."""
    if files.is_folder(source) or files.num_bytes(source) is not None:
        return [source]
    return [os.path.expanduser(part) for part in _BETWEEN_ZIPS.split(source)]


def _zips(folder: str, place: Place) -> list[str]:
    names = filter(place.is_zip_name, files.names(folder))
    return [files.join(folder, name) for name in names]
