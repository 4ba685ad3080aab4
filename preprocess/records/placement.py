"""Frame name → shard and order: pure functions of the name alone."""

import hashlib
import math

from schemas.shards import names

MAX_SHARDS = 99_999
"""Five digits, as the files' names have."""

MIN_SHARDS = 8
MIN_FRAMES_PER_SHARD = 8


def stable_hash(name: str) -> int:
    """Returns 64 bits that depend on the name only."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def shard_of(name: str, num_shards: int) -> int:
    """Returns the frame's shard, 0..num_shards-1."""
    return stable_hash(name) % num_shards


def order_in_shard(name: str) -> tuple[int, str]:
    """Returns what the frames of one shard are sorted by."""
    return stable_hash(f"order/{name}"), name


def choose_num_shards(
    num_frames: int, num_bytes: int, shard_size_mb: float
) -> int:
    """Returns how many shards of about `shard_size_mb` MiB a split takes.

    A small split still gets up to `MIN_SHARDS`, so that workers and readers
    have something to share, as long as they hold `MIN_FRAMES_PER_SHARD`; a
    huge one gets larger shards than were aimed at.
    """
    by_size = math.ceil(num_bytes / (shard_size_mb * 2**20))
    by_count = min(MIN_SHARDS, num_frames // MIN_FRAMES_PER_SHARD)
    return max(1, min(num_frames, max(by_size, by_count), MAX_SHARDS))


def shard_key(split: str, shard: int) -> int:
    """Returns the integer that stands for a shard in the shuffle.

    Some runners hash string keys differently in each process.
    """
    return (names.SPLITS.index(split) << 32) | shard


def from_shard_key(key: int) -> tuple[str, int]:
    """Returns the (split, shard) of a `shard_key`."""
    return names.SPLITS[key >> 32], key & 0xFFFFFFFF
