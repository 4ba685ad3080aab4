"""What to do where a data set's files are not where they should be.

Each answer ends with a remedy that works when it is followed.
"""

import functools
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from schemas.layouts import Kind, Place, is_hidden

Names = Callable[[str], Sequence[str]]
"""Lists the names in a folder; none where there is no such folder."""

_MAX_FOLDERS = 200
_MAX_NAMED = 8
_TRAIN_IDS = "_labeltrainids.png"


def missing_kinds(
    root: str, kinds: Sequence[Kind], flag: str, names: Names
) -> str:
    """Says which kinds of files a root lacks, and what to do about it.

    Args:
        root: A folder.
        kinds: What it should hold, as folders or zips.
        flag: The flag that named it.
        names: Lists a folder.

    Returns:
        One line; empty where nothing is missing.
    """
    names = functools.cache(names)
    missing = [kind for kind in kinds if not _entry(root, kind, names)]
    if not missing:
        return ""
    wanted = " and ".join(
        f"neither {kind.top}/ nor {kind.top}_*.zip" for kind in missing
    )
    found = [name for name in _names(root, names) if not is_hidden(name)]
    shown = ", ".join(found[:_MAX_NAMED]) or "nothing"
    return (
        f"{root} holds {wanted}; found {shown}. "
        f"{_remedy(root, kinds, missing, flag, names)}"
    )


def missing_files(
    place: Place, splits: Sequence[str], files: Iterable[str]
) -> str:
    """Says why a split has no files of a kind, and what to do about it.

    Args:
        place: The kind and the split.
        splits: The splits that have such files.
        files: The names of the files below the split's folder.
    """
    top = place.kind.top
    if not splits:
        return f"{top}/ has no splits. Unpack {top}*.zip again"
    if place.split not in splits:
        there = ", ".join(sorted(splits))
        return (
            f"{top}/ has no split {place.split}, it has {there}. Unpack "
            f"{top}/{place.split}/ there, or name one of these splits"
        )
    if any(name.lower().endswith(_TRAIN_IDS) for name in files):
        return (
            f"{top}/{place.split}/ holds labelTrainIds, but no labelIds, which "
            f"the ids are mapped from. Unpack the {place.kind.ending} files of "
            f"{top}*.zip beside them"
        )
    return (
        f"no file is named {place.wildcard}. Name the files so, or unpack "
        f"{top}/{place.split}/ again"
    )


def _remedy(
    root: str,
    kinds: Sequence[Kind],
    missing: Sequence[Kind],
    flag: str,
    names: Names,
) -> str:
    """Looks for the kinds above, beside and below the root."""
    folders = list(_near(root, names))
    for folder in folders:
        if all(_entry(folder, kind, names) for kind in kinds):
            return f"Use {flag}={folder}."
    places = {}
    for kind in kinds:
        for folder in folders:
            if entry := _entry(folder, kind, names):
                places[kind.top] = (folder, entry)
                break
    if len(places) < len(kinds):
        lost = next(kind for kind in missing if kind.top not in places)
        return (
            f"Put the zip {lost.top}*.zip, or the folder {lost.top}/ that "
            f"it holds, into the folder that {flag} names."
        )
    target = places[kinds[0].top][0]
    moves = " and ".join(
        f"{folder}/{entry}"
        for folder, entry in places.values()
        if folder != target
    )
    return f"Move {moves} to {target}/ and use {flag}={target}."


def _near(root: str, names: Names) -> Iterator[str]:
    """Yields the root, folders above it, and those in it and beside it."""
    root = root.rstrip("/") or "/"
    above = os.path.dirname(root)
    for folder in (root, above, os.path.dirname(above)):
        yield folder or "."
    if "://" in root:
        return  # Each listing of an object store takes its time.
    for folder in (root, above):
        for name in itertools.islice(
            _names(folder or ".", names), _MAX_FOLDERS
        ):
            yield os.path.join(folder, name)


def _entry(folder: str, kind: Kind, names: Names) -> str:
    """Returns the name of a kind's folder or first zip, empty for none."""
    found = _names(folder, names)
    if kind.top in found:
        return kind.top
    return next((name for name in found if kind.is_zip_name(name)), "")


def _names(folder: str, names: Names) -> Sequence[str]:
    try:
        return names(folder)
    except OSError:  # Where one may not look, nothing is found.
        return ()
