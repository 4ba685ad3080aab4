import dataclasses

import numpy as np
import pytest

from schemas.manifest import ManifestError
from tests.tiny_dataset import write_dataset
from trainer.config.data import DataConfig
from trainer.data import frames


def read(path):
    data = DataConfig(str(path), resize=None, crop=(16, 16))
    return list(frames.open_frames(data).read())


def picture_and_ids(ids):
    return np.zeros((*ids.shape, 3), np.uint8), ids


def test_every_frame_comes_once_as_it_is_stored(tmp_path):
    originals = [
        picture_and_ids(np.full((20, 24), number, np.uint8))
        for number in range(7)
    ]
    write_dataset(tmp_path, 0, 7, size=(20, 24), frames=originals)
    found = read(tmp_path)
    assert len({frame.name for frame in found}) == 7
    assert sorted(frame.truth_ids[0, 0] for frame in found) == list(range(7))
    assert all(frame.image.shape == (20, 24, 3) for frame in found)


def test_train_ids_become_label_ids_and_others_stay_ignored(tmp_path):
    ids = np.tile(np.array([[0, 13, 18, 255]], np.uint8), (16, 4))
    write_dataset(
        tmp_path,
        0,
        1,
        size=ids.shape,
        label_space="train_ids",
        frames=[picture_and_ids(ids)],
    )
    (frame,) = read(tmp_path)
    assert frame.truth_ids[15, :4].tolist() == [7, 26, 33, 255]
    assert frame.truth_ids.shape == (16, 16)


def test_a_shard_with_fewer_records_than_promised_is_named(tmp_path):
    manifest = write_dataset(tmp_path, 0, 3, num_shards=1)
    split = manifest.splits["val"]
    shard = dataclasses.replace(split.shards[0], num_examples=4)
    split = dataclasses.replace(split, num_examples=4, shards=(shard,))
    manifest = dataclasses.replace(manifest, splits={"val": split})
    (tmp_path / "manifest.json").write_text(manifest.to_json())
    with pytest.raises(
        ManifestError,
        match="val-00000-of-00001.tfrecord holds 3 records, .* says 4",
    ):
        read(tmp_path)


def test_a_label_of_another_size_is_named(tmp_path):
    odd = (np.zeros((16, 16, 3), np.uint8), np.zeros((16, 17), np.uint8))
    write_dataset(tmp_path, 0, 1, size=(16, 16), num_shards=1, frames=[odd])
    with pytest.raises(
        ManifestError,
        match=r"record 0: tiny_000000_000019: the picture is \(16, 16\), its",
    ):
        read(tmp_path)
