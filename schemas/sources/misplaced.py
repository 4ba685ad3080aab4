"""What to do where a data set's files are not where they should be.

Each answer ends with a remedy that works when it is followed.
"""

import functools
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from schemas.layouts.filenames import is_hidden
from schemas.layouts.kinds import Place
from schemas.shards.names import SPLITS

Names = Callable[[str], Sequence[str]]
"""Lists the names in a folder; none where there is no such folder."""

_MAX_FOLDERS = 200
_MAX_NAMED = 8
_MAX_SUGGESTED = 3
_TRAIN_IDS = "_labeltrainids.png"


def missing_places(
    root: str, places: Sequence[Place], flag: str, names: Names
) -> str:
    """Says which folders of files a root lacks, and what to do about it.

    Args:
        root: A folder.
        places: What it should hold, in folders or zips.
        flag: The flag that named it.
        names: Lists a folder.

    Returns:
        One line; empty where nothing is missing.
    """
    names = functools.cache(names)
    missing = [place for place in places if not _entry(root, place, names)]
    if not missing:
        return ""
    lacks = [f"neither {place.top}/ nor {place.zips}" for place in missing]
    wanted = " and ".join(dict.fromkeys(lacks))
    found = [name for name in _names(root, names) if not is_hidden(name)]
    shown = ", ".join(found[:_MAX_NAMED]) or "nothing"
    return (
        f"{root} holds {wanted}; found {shown}. "
        f"{_remedy(root, places, missing, flag, names)}"
    )


def missing_files(
    place: Place, splits: Sequence[str], files: Iterable[str]
) -> str:
    """Says why a split has no files of a kind, and what to do about it.

    Args:
        place: The kind and the split.
        splits: The folders of the splits that have such files.
        files: The names of the files below the split's folder.
    """
    folder, zips = f"{place.folder}/" if place.folder else "it", place.zips
    if place.kind.tells_split and place.split not in splits:
        head = place.kind.pattern.partition("{split}")[0] or "it"
        if not splits:
            return f"{head} has no splits. Unpack {zips} again"
        there = ", ".join(sorted(splits))
        lacks = f"{head} has no split {place.split}, it has {there}"
        if alike := _alike(place.split, splits):
            present, wanted = map(place.kind.split_folder, (alike, place.split))
            return (
                f"{lacks}. Rename {present}/ to {wanted}/ (of a zip, unpack it "
                "first)"
            )
        return f"{lacks}. Unpack {folder} there, or name one of these splits"
    if any(name.lower().endswith(_TRAIN_IDS) for name in files):
        return (
            f"{folder} holds labelTrainIds, but no labelIds, which the ids "
            f"are mapped from. Unpack the {place.kind.ending} files of {zips} "
            "beside them"
        )
    return (
        f"no file is named {place.wildcard}. Name the files so, or unpack "
        f"{folder} again"
    )


def _alike(split: str, folders: Sequence[str]) -> str:
    """Returns the first folder that is named nearly as a split; "" for none."""
    alike = (
        name
        for name in sorted(set(folders).difference(SPLITS))
        if name.lower().startswith(split)
    )
    return next(alike, "")


def _remedy(
    root: str,
    places: Sequence[Place],
    missing: Sequence[Place],
    flag: str,
    names: Names,
) -> str:
    """Looks for the folders above, beside and below the root."""
    rings = list(_near(root, names))
    for ring in rings:
        fitting = [
            f"{flag}={folder}"
            for folder in ring
            if all(_entry(folder, place, names) for place in places)
        ]
        if fitting:
            return f"Use {' or '.join(fitting[:_MAX_SUGGESTED])}."
    folders = list(itertools.chain.from_iterable(rings))
    found = {}
    for place in places:
        for folder in folders:
            if entry := _entry(folder, place, names):
                found[place.top] = (folder, entry)
                break
    for place in missing:
        if place.top not in found:
            return (
                f"Put the zip {place.zips}, or the folder {place.top}/ that "
                f"it holds, into the folder that {flag} names."
            )
    target = found[places[0].top][0]
    moves = " and ".join(
        f"{folder}/{entry}"
        for folder, entry in found.values()
        if folder != target
    )
    return f"Move {moves} to {target}/ and use {flag}={target}."


def _near(root: str, names: Names) -> Iterator[list[str]]:
    """Yields the root, each folder above it, those in it, those beside it."""
    root = root.rstrip("/") or "/"
    above = os.path.dirname(root)
    for folder in (root, above, os.path.dirname(above)):
        yield [folder or "."]
    if "://" in root:
        return  # Each listing of an object store takes its time.
    for folder in (root, above):
        inside = _names(folder or ".", names)[:_MAX_FOLDERS]
        yield [os.path.join(folder, name) for name in inside]


def _entry(folder: str, place: Place, names: Names) -> str:
    """Returns the name of a place's folder or first zip, empty for none."""
    above, _, name = place.telling.rpartition("/")
    if name in _names(os.path.join(folder, above) if above else folder, names):
        return place.top
    found = _names(folder, names)
    return next((name for name in found if place.is_zip_name(name)), "")


def _names(folder: str, names: Names) -> Sequence[str]:
    try:
        return names(folder)
    except OSError:  # Where one may not look, nothing is found.
        return ()
