"""What to look for to find a split's frames, and looking in this process."""

from preprocess.options import Options
from preprocess.sources import pairing, root, source_files
from preprocess.sources.pairing import Frame
from preprocess.sources.source_files import Listing, SourceFile


def list_split(split: str, options: Options) -> list[Listing]:
    """Returns what to look for to find a split's frames."""
    kinds = (False, True) if options.has_labels(split) else (False,)
    root, layout = options.cityscapes_root, options.layout
    return [Listing(root, layout, split, is_label) for is_label in kinds]


def list_splits(options: Options) -> list[Listing]:
    """Returns what to look for to find the frames of all splits."""
    return [
        listing
        for split in options.splits
        for listing in list_split(split, options)
    ]


def why_no_files(split: str, options: Options) -> str:
    """Says why a split has no pictures or no label maps; empty if it has.

    The reason comes with what can be done.
    """
    for listing in list_split(split, options):
        if reason := root.why_no_files(listing):
            return f"{reason}; or leave {split} out of --splits"
    return ""


def list_frames(split: str, options: Options) -> list[Frame]:
    """Lists a split's files in this process and returns its frames."""
    found = [
        file
        for listing in list_split(split, options)
        for file in source_files.list_files(listing)
        if isinstance(file, SourceFile)
    ]
    frames, _ = pairing.pair(split, found, options.has_labels(split))
    frames.sort(key=lambda frame: frame.name)
    return frames[: options.limit]


def list_inputs(split: str, options: Options) -> str:
    """Lists a split's files in this process and returns their fingerprint."""
    frames = list_frames(split, options)
    total = sum(frame.fingerprint for frame in frames)
    return pairing.fingerprint(total, len(frames))
