"""What a Cityscapes root lacks: said before any work, with the remedy."""

from preprocess import files
from preprocess.errors import ConversionError
from preprocess.sources import cityscapes
from preprocess.sources.cityscapes import Listing
from schemas import layouts
from schemas.sources import misplaced

_FLAG = "--cityscapes_root"


def check_root(root: str, annotation: str, needs_labels: bool) -> None:
    """Checks that a root holds what is looked for, before any work.

    Raises:
        ConversionError: A kind of file is missing altogether; says what was
            looked for and what is there.
    """
    data_types = [cityscapes.IMAGE_TYPE] + [annotation] * needs_labels
    if all(_holds(root, data_type) for data_type in data_types):
        return
    kinds = [cityscapes.kind_of(data_type) for data_type in data_types]
    reason = misplaced.missing_kinds(root, kinds, _FLAG, files.names)
    raise ConversionError(reason or f"{root} cannot be listed.")


def why_no_files(listing: Listing) -> str:
    """Says why a split has no files of a kind; empty where it has some."""
    found = [below for below, *_ in cityscapes.list_below(listing)]
    if any(listing.place.stem(below) is not None for below in found):
        return ""
    return misplaced.missing_files(listing.place, _splits(listing), found)


def _splits(listing: Listing) -> list[str]:
    """Returns the splits that a kind of file has."""
    root, kind = listing.root, listing.place.kind
    if cityscapes.has_folder(root, listing.data_type):
        folder = files.join(root, kind.top)
        paths = [f"{kind.top}/{name}/" for name in files.names(folder)]
    else:
        paths = [
            layouts.entry_path(name)
            for path in cityscapes.zip_paths(root, listing.data_type)
            for name in cityscapes.open_zip(path).namelist()
        ]
    return sorted(set(filter(None, map(kind.split_of, paths))))


def _holds(root: str, data_type: str) -> bool:
    return cityscapes.has_folder(root, data_type) or bool(
        cityscapes.zip_paths(root, data_type)
    )
