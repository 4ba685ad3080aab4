"""How splits and their files are called."""

import re

SPLITS = ("train", "val", "test", "train_extra")
SPLIT_ALIASES = {"train_fine": "train", "val_fine": "val"}
"""DeepLab's names for two of the splits."""

_SHARD_NAME = re.compile(
    rf"({'|'.join(SPLITS)})-(\d{{5}})-of-(\d{{5}})\.tfrecord"
)


def split_name(name: str) -> str:
    """Returns a split's own name, where DeepLab's may have been given."""
    return SPLIT_ALIASES.get(name, name)


def missing_split_remedy(name: str) -> str:
    """Says what helps where a data set has no split of a name."""
    own = split_name(name)
    if own in SPLITS:
        return f"convert it with --splits={own}"
    return f"no conversion makes one, there are {', '.join(SPLITS)}"


def shard_name(split: str, index: int, num_shards: int) -> str:
    """Returns e.g. `train-00003-of-00064.tfrecord`."""
    return f"{split}-{index:05d}-of-{num_shards:05d}.tfrecord"


def is_shard_name(name: str) -> bool:
    """Whether a file is named as a shard of any split."""
    return _SHARD_NAME.fullmatch(name) is not None


def parse_shard_name(name: str) -> tuple[str, int, int]:
    """Returns the split, index and number of shards that a name tells.

    Raises:
        ValueError: It is no shard's name.
    """
    found = _SHARD_NAME.fullmatch(name)
    if not found:
        raise ValueError(f"{name!r} is not named as a shard")
    return found[1], int(found[2]), int(found[3])
