import dataclasses
import re
import shutil

import numpy as np
import pytest

from schemas.manifest import ManifestError
from tests import trees
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


def test_a_damaged_record_is_named(tmp_path):
    write_dataset(tmp_path, 0, 4, num_shards=2)
    shard = tmp_path / "val-00001-of-00002.tfrecord"
    content = bytearray(shard.read_bytes())
    content[-30] ^= 1
    shard.write_bytes(content)
    with pytest.raises(ManifestError, match=f"{shard}: record 1 at byte"):
        read(tmp_path)


def test_a_label_of_another_size_is_named(tmp_path):
    odd = (np.zeros((16, 16, 3), np.uint8), np.zeros((16, 17), np.uint8))
    write_dataset(tmp_path, 0, 1, size=(16, 16), num_shards=1, frames=[odd])
    with pytest.raises(
        ManifestError,
        match="record 0: tiny_000000_000019: label is 16x17, the record",
    ):
        read(tmp_path)


STEMS = trees.STEMS[:2]


def open_tree(path):
    return frames.open_frames(DataConfig(str(path)))


def follow_until_it_works(source):
    """Does what each message says, at most three times."""
    for _ in range(3):
        try:
            assert open_tree(source).num_frames == 2
            return
        except FileNotFoundError as error:
            message = str(error)
        moved = re.search(r"Move (.+) to (.+)/ and use", message)
        if moved:
            for path in moved[1].split(" and "):
                shutil.move(path, moved[2])
        source = re.search(r"--data_dir=(.+)\.$", message)[1]
    raise AssertionError("the remedies go in a circle")


@pytest.mark.parametrize("begin", [".", "left_x", "gt_x", "sub"])
def test_two_zips_unpacked_apart_come_together(tmp_path, begin):
    tree = trees.write_tree(tmp_path / "tree", STEMS, split="val")
    root = tmp_path / "data"
    for kind, folder in (("leftImg8bit", "left_x"), ("gtFine", "gt_x")):
        (root / folder).mkdir(parents=True)
        (tree / kind).rename(root / folder / kind)
    (root / "sub").mkdir()
    tree.rmdir()
    follow_until_it_works(str(root / begin))


@pytest.mark.parametrize("below", ["leftImg8bit", "gtFine/val", "sub"])
def test_the_folder_above_is_named(tmp_path, below):
    tree = trees.write_tree(tmp_path, STEMS, split="val")
    (tree / "sub").mkdir()
    follow_until_it_works(str(tree / below))


def test_a_split_that_is_not_there_is_said_with_those_that_are(tmp_path):
    tree = trees.write_tree(tmp_path, STEMS)
    with pytest.raises(
        FileNotFoundError, match="leftImg8bit/ has no split val, it has train"
    ):
        open_tree(tree)
    data = DataConfig(str(tree), eval_split="train")
    assert frames.open_frames(data).num_frames == 2


def test_train_ids_alone_are_said(tmp_path):
    tree = trees.write_tree(tmp_path, STEMS, split="val")
    for stem in STEMS:
        path = trees.label_path(tree, stem, "val")
        path.rename(
            path.with_name(path.name.replace("labelIds", "labelTrainIds"))
        )
    with pytest.raises(
        FileNotFoundError, match="holds labelTrainIds, but no labelIds"
    ):
        open_tree(tree)


def test_one_zip_of_two_says_how_to_name_both(tmp_path):
    tree = trees.write_tree(tmp_path / "tree", STEMS, split="val")
    zips = sorted(trees.zip_tree(tree, tmp_path / "zips").iterdir())
    for path in zips:
        with pytest.raises(FileNotFoundError, match="a comma between them"):
            open_tree(path)
    assert open_tree(",".join(map(str, zips))).num_frames == 2


def test_a_folder_that_does_not_exist_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist; give"):
        open_tree(tmp_path / "nowhere")


def test_of_several_data_sets_the_first_that_has_the_split_is_scored(tmp_path):
    for name, num_val in (("a", 1), ("b", 3)):
        write_dataset(tmp_path / name, 4, num_val)
    both = DataConfig(
        f"{tmp_path}/b,{tmp_path}/a", resize=(40, 40), crop=(32, 32)
    )
    assert frames.open_frames(both).num_frames == 3
