"""Counts the images a second of a feed whose batches are touched.

Needs NumPy alone: feeds of any framework run it in their own process.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

BATCH_SIZE = 32
SECONDS = 4.0
"""How long a rate is measured where epochs come one after the other."""

Batch = tuple[Any, Any]
"""Pictures and labels, anything that NumPy reads without a copy."""


def first_epoch_rate(
    open_batches: Callable[[], Iterable[Batch]], num_images: int
) -> float:
    """Measures the first pass, whatever opening the feed costs included.

    Args:
        open_batches: Opens the feed.
        num_images: The pictures of an epoch.

    Returns:
        Images a second in the epoch's full batches, at least one.
    """
    begin = time.perf_counter()
    batches = itertools.islice(open_batches(), batches_of(num_images))
    seen = sum(_touch(batch) for batch in batches)
    return seen / (time.perf_counter() - begin)


def later_rate(batches: Iterator[Batch], num_images: int) -> float:
    """Measures for `SECONDS` what an endless feed gives from epoch two on.

    Args:
        batches: The feed, open.
        num_images: The pictures of the epoch that is let go by.

    Returns:
        Images a second.
    """
    for batch in itertools.islice(batches, batches_of(num_images)):
        _touch(batch)
    begin, seen, seconds = time.perf_counter(), 0, 0.0
    while seconds < SECONDS:
        seen += _touch(next(batches))
        seconds = time.perf_counter() - begin
    return seen / seconds


def batches_of(num_images: int) -> int:
    """Returns the full batches in an epoch, at least one."""
    return max(1, num_images // BATCH_SIZE)


def _touch(batch: Batch) -> int:
    """Reads every value of a batch; returns its number of pictures."""
    images, labels = (np.asarray(part) for part in batch)
    images.max()
    labels.max()
    return len(images)
