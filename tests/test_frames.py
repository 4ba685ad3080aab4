import dataclasses

import numpy as np
import pytest
from tiny_dataset import write_dataset

from schemas.manifest import ManifestError
from trainer import frames
from trainer.config import DataConfig


def read(path, manifest):
    data = DataConfig(str(path), resize=None, crop=(16, 16))
    return list(frames.read_frames(data, manifest))


def picture_and_ids(ids):
    return np.zeros((*ids.shape, 3), np.uint8), ids


def test_every_frame_comes_once_as_it_is_stored(tmp_path):
    originals = [
        picture_and_ids(np.full((20, 24), number, np.uint8))
        for number in range(7)
    ]
    manifest = write_dataset(tmp_path, 0, 7, size=(20, 24), frames=originals)
    found = read(tmp_path, manifest)
    assert len({frame.name for frame in found}) == 7
    assert sorted(frame.truth_ids[0, 0] for frame in found) == list(range(7))
    assert all(frame.image.shape == (20, 24, 3) for frame in found)


def test_train_ids_become_label_ids_and_others_stay_ignored(tmp_path):
    ids = np.array([[0, 13, 18, 255]], np.uint8)
    manifest = write_dataset(
        tmp_path,
        0,
        1,
        size=ids.shape,
        label_space="train_ids",
        frames=[picture_and_ids(ids)],
    )
    (frame,) = read(tmp_path, manifest)
    assert frame.truth_ids.tolist() == [[7, 26, 33, 255]]


def test_a_shard_with_fewer_records_than_promised_is_named(tmp_path):
    manifest = write_dataset(tmp_path, 0, 3, num_shards=1)
    split = manifest.splits["val"]
    shard = dataclasses.replace(split.shards[0], num_examples=4)
    split = dataclasses.replace(split, shards=(shard,))
    manifest = dataclasses.replace(manifest, splits={"val": split})
    with pytest.raises(
        ManifestError,
        match="val-00000-of-00001.tfrecord holds 3 records, .* says 4",
    ):
        read(tmp_path, manifest)


def test_a_label_of_another_size_is_named(tmp_path):
    odd = (np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9), np.uint8))
    manifest = write_dataset(
        tmp_path, 0, 1, size=(8, 8), num_shards=1, frames=[odd]
    )
    with pytest.raises(
        ManifestError,
        match=r"record 0: tiny_000000_000019: the picture is \(8, 8\), its",
    ):
        read(tmp_path, manifest)
