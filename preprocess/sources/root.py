"""What a root lacks: said before any work, with the remedy."""

import functools
from collections.abc import Sequence

from preprocess.errors import ConversionError
from preprocess.sources import source_files
from preprocess.sources.source_files import Listing
from preprocess.storage import files
from schemas.failures import FlagError
from schemas.layouts import filenames, forms
from schemas.layouts.kinds import Place
from schemas.layouts.layout import Layout
from schemas.sources import misplaced

_FLAG = "--cityscapes_root"
_MAX_ABOVE = 1000
"""Objects; an object store gives as many with one answer."""


def find_layout(root: str, layout: Layout, splits: Sequence[str]) -> Layout:
    """Returns the form of a layout that a root has, where it has several.

    Raises:
        FlagError: It has no such splits.
    """
    layout = forms.find_form(
        layout,
        splits,
        lambda form, split: _has_files(Listing(root, form, split, False)),
        lambda form: _splits(Listing(root, form, splits[0], False)),
    )
    problems = filter(None, map(layout.problem, splits))
    if problem := next(problems, ""):
        raise FlagError(problem)
    if layout.val_share and not layout.is_drawn:
        raise FlagError(
            f"--val_share={layout.val_share} draws val from train, but "
            f"{root} has a place of its own for val; drop the flag"
        )
    return layout


def check_root(listings: Sequence[Listing]) -> None:
    """Checks that a root holds what is looked for, before any work.

    Raises:
        ConversionError: A kind of file is missing altogether; says what was
            looked for and what is there.
    """
    by_top = {listing.place.top: listing for listing in listings}
    if all(map(_holds, by_top.values())):
        return
    root = listings[0].root
    places = [listing.place for listing in by_top.values()]
    names = functools.partial(_names, root, places)
    reason = misplaced.missing_places(root, places, _FLAG, names)
    raise ConversionError(reason or f"{root} cannot be listed.")


def _names(root: str, places: Sequence[Place], folder: str) -> list[str]:
    """Lists the names in a folder, those of the places' folders at least.

    Above a root in an object store may lie all that a bucket holds, so the
    listing ends early there.
    """
    if files.is_local(folder) or folder.startswith(root):
        return files.names(folder)
    found = set(files.names(folder, _MAX_ABOVE))
    for place in places:
        name = place.telling.rpartition("/")[2]
        if name and files.has_folder(files.join(folder, name)):
            found.add(name)
    return sorted(found)


def why_no_files(listing: Listing) -> str:
    """Says why a split has no files of a kind; empty where it has some."""
    found = [below for below, *_ in source_files.list_below(listing)]
    stems = [*filter(None, map(listing.place.stem, found))]
    if any(listing.layout.holds(listing.split, stem) for stem in stems):
        return ""
    if stems:
        return (
            f"--val_share={listing.layout.val_share} leaves it none of "
            f"{len(stems)}. Give another share"
        )
    splits = _splits(listing)
    reason = misplaced.missing_files(listing.place, splits, found)
    form = listing.layout
    if listing.place.split in splits or not form.otherwise:
        return reason
    while form.otherwise:
        form = form.otherwise
    return (
        f"{reason}, or, where these are no splits, give instead of --layout "
        f"--image_pattern={form.pictures.pattern} and "
        f"--label_pattern={form.labels.pattern}"
    )


def _splits(listing: Listing) -> list[str]:
    """Returns the splits that a kind of file has."""
    kind = listing.place.kind
    head = kind.pattern.partition("{split}")[0].rpartition("/")[0]
    has_folder = source_files.has_folder(listing)
    zips = [] if has_folder else source_files.zip_paths(listing)
    paths = [
        filenames.entry_path(name)
        for path in zips
        for name in source_files.open_zip(path).namelist()
    ]
    if not zips:
        above = files.join(listing.root, head) if head else listing.root
        paths = [f"{head}/{name}/".lstrip("/") for name in files.names(above)]
    return sorted(set(filter(None, map(kind.split_of, paths))))


def _holds(listing: Listing) -> bool:
    if source_files.has_folder(listing) or source_files.zip_paths(listing):
        return True
    # Folders of splits, of other names, see `find_layout`.
    return bool(listing.layout.otherwise and _splits(listing))


def _has_files(listing: Listing) -> bool:
    return any(True for _ in source_files.list_below(listing))
