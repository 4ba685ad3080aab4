"""What to look for to find a split's frames, and looking in this process."""

from preprocess import pairing, sources
from preprocess.options import Options


def list_split(split: str, options: Options) -> list[sources.Listing]:
    """Returns what to look for to find a split's frames."""
    types = [sources.IMAGE_TYPE]
    if options.has_labels(split):
        types.append(options.annotation)
    root = options.cityscapes_root
    return [sources.Listing(root, split, data_type) for data_type in types]


def list_inputs(split: str, options: Options) -> str:
    """Lists a split's files in this process and returns their fingerprint."""
    found = [
        file
        for listing in list_split(split, options)
        for file in sources.list_files(listing)
    ]
    frames, _ = pairing.pair(split, found, options.has_labels(split))
    frames = frames[: options.limit]
    total = sum(frame.fingerprint for frame in frames)
    return pairing.fingerprint(total, len(frames))
