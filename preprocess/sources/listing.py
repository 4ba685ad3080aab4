"""What to look for to find a split's frames, and looking in this process."""

from preprocess.options import Options
from preprocess.sources import cityscapes, pairing, root
from preprocess.sources.cityscapes import SourceFile
from preprocess.sources.pairing import Frame


def list_split(split: str, options: Options) -> list[cityscapes.Listing]:
    """Returns what to look for to find a split's frames."""
    types = [cityscapes.IMAGE_TYPE]
    if options.has_labels(split):
        types.append(options.annotation)
    folder = options.cityscapes_root
    return [cityscapes.Listing(folder, split, data_type) for data_type in types]


def why_no_files(split: str, options: Options) -> str:
    """Says why a split has no pictures or no label maps; empty if it has."""
    for listing in list_split(split, options):
        if reason := root.why_no_files(listing):
            return reason
    return ""


def list_frames(split: str, options: Options) -> list[Frame]:
    """Lists a split's files in this process and returns its frames."""
    found = [
        file
        for listing in list_split(split, options)
        for file in cityscapes.list_files(listing)
        if isinstance(file, SourceFile)
    ]
    frames, _ = pairing.pair(split, found, options.has_labels(split))
    return frames[: options.limit]


def list_inputs(split: str, options: Options) -> str:
    """Lists a split's files in this process and returns their fingerprint."""
    frames = list_frames(split, options)
    total = sum(frame.fingerprint for frame in frames)
    return pairing.fingerprint(total, len(frames))
