"""What to look for to find a split's frames, and looking in this process."""

from preprocess.options import Options
from preprocess.sources import cityscapes, pairing


def list_split(split: str, options: Options) -> list[cityscapes.Listing]:
    """Returns what to look for to find a split's frames."""
    types = [cityscapes.IMAGE_TYPE]
    if options.has_labels(split):
        types.append(options.annotation)
    root = options.cityscapes_root
    return [cityscapes.Listing(root, split, data_type) for data_type in types]


def list_inputs(split: str, options: Options) -> str:
    """Lists a split's files in this process and returns their fingerprint."""
    found = [
        file
        for listing in list_split(split, options)
        for file in cityscapes.list_files(listing)
    ]
    frames, _ = pairing.pair(split, found, options.has_labels(split))
    frames = frames[: options.limit]
    total = sum(frame.fingerprint for frame in frames)
    return pairing.fingerprint(total, len(frames))
