"""Frames of records, decoded and cut without TensorFlow."""

import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from schemas import example, manifest
from schemas.shards import check
from schemas.sizes import Size
from trainer.storage import files, images


class Frames(NamedTuple):
    """The frames of a split.

    Attributes:
        pictures: (N, H, W, 3) uint8.
        label_ids: (N, H, W) uint8.
    """

    pictures: np.ndarray
    label_ids: np.ndarray


def read_manifest(data_dir: str) -> manifest.Manifest:
    """Reads what a data set holds."""
    return manifest.load(data_dir, files.read_text)


def read_split(data_dir: str, split: str) -> Frames:
    """Decodes a split whose pictures are all of one size.

    Raises:
        ManifestError: A shard is not the one that was converted.
    """
    records: list[example.Record] = []
    for shard in read_manifest(data_dir).split(split).shards:
        with open(os.path.join(data_dir, shard.name), "rb") as stream:
            records += map(example.decode, check.read_checked(shard, stream))
    return Frames(
        np.stack([images.decode_rgb(record.image) for record in records]),
        np.stack([images.decode_ids(record.label) for record in records]),
    )


def batches(
    frames: Frames, batch_size: int, crop: Size, seed: int
) -> Iterator[Frames]:
    """Draws batches without end: random frames, places and flips.

    Yields:
        (B, *crop, 3) and (B, *crop) uint8.
    """
    draws = np.random.default_rng(seed)
    num_frames, height, width = frames.label_ids.shape
    while True:
        chosen = []
        for index in draws.integers(num_frames, size=batch_size):
            top = draws.integers(height - crop[0] + 1)
            left = draws.integers(width - crop[1] + 1)
            flip = -1 if draws.integers(2) else 1
            window = (
                slice(top, top + crop[0]),
                slice(left, left + crop[1]),
            )
            chosen.append([part[index][window][:, ::flip] for part in frames])
        yield Frames(*map(np.stack, zip(*chosen, strict=True)))
