"""What a root lacks: said before any work, with the remedy."""

import dataclasses
from collections.abc import Sequence

from preprocess.errors import ConversionError
from preprocess.sources import source_files
from preprocess.sources.source_files import Listing
from preprocess.storage import files
from schemas.failures import FlagError
from schemas.layouts import filenames
from schemas.layouts.layout import Layout
from schemas.sources import misplaced

_FLAG = "--cityscapes_root"


def find_layout(root: str, layout: Layout, splits: Sequence[str]) -> Layout:
    """Returns the form of a layout that a root has, where it has several.

    Raises:
        FlagError: It has no such splits.
    """
    while layout.otherwise:
        listings = [Listing(root, layout, split, False) for split in splits]
        if any(map(_has_files, listings)):
            break
        layout = dataclasses.replace(
            layout.otherwise, val_share=layout.val_share
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
    reason = misplaced.missing_places(root, places, _FLAG, files.names)
    raise ConversionError(reason or f"{root} cannot be listed.")


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
    return misplaced.missing_files(listing.place, _splits(listing), found)


def _splits(listing: Listing) -> list[str]:
    """Returns the splits that a kind of file has."""
    kind = listing.place.kind
    head = kind.pattern.partition("{split}")[0].rpartition("/")[0]
    if source_files.has_folder(listing):
        above = files.join(listing.root, head) if head else listing.root
        paths = [f"{head}/{name}/".lstrip("/") for name in files.names(above)]
    else:
        paths = [
            filenames.entry_path(name)
            for path in source_files.zip_paths(listing)
            for name in source_files.open_zip(path).namelist()
        ]
    return sorted(set(filter(None, map(kind.split_of, paths))))


def _holds(listing: Listing) -> bool:
    return source_files.has_folder(listing) or bool(
        source_files.zip_paths(listing)
    )


def _has_files(listing: Listing) -> bool:
    return any(True for _ in source_files.list_below(listing))
