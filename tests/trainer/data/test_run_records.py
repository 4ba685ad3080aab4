import json
import os

import numpy as np
import pytest

from schemas.manifest import ManifestError
from tests import tiny_dataset
from trainer.config.data import DataConfig
from trainer.config.flag import ConfigError
from trainer.data.run_records import RunRecords, folders, open_run


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder holds `a`, 4 train and 2 val, `b`, 6 and 1."""
    monkeypatch.chdir(tmp_path)
    tiny_dataset.write_dataset("a", 4, 2)
    tiny_dataset.write_dataset("b", 6, 1)
    return tmp_path


def without(folder, split):
    """Takes a split out of a manifest."""
    path = f"{folder}/manifest.json"
    with open(path) as file:
        content = json.load(file)
    del content["splits"][split], content["checksum"]
    with open(path, "w") as file:
        json.dump(content, file)


def open_with(label_space=None, **options) -> RunRecords:
    data = DataConfig(**options, resize=(40, 40), crop=(32, 32))
    return open_run(data, label_space)


def names(records) -> list[str]:
    return [str(part) for part in (*records.train, records.evaluation)]


def test_folders_stand_between_commas(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    assert folders("a,b") == ["a", "b"]
    assert folders("a,~/b") == ["a", f"{here}/b"]


def test_a_comma_may_be_part_of_a_name(here):
    os.rename("b", "b,c")
    assert folders("b,c") == ["b,c"]
    assert folders("a,b,c,a") == ["a", "b,c", "a"]


def test_a_folder_that_is_missing_is_named(here):
    assert folders("no,where") == ["no,where"]
    with pytest.raises(ManifestError, match="^no,where/manifest.json does"):
        open_with(data_dir="no,where")
    with pytest.raises(ManifestError, match="^c/manifest.json does not exist"):
        open_with(data_dir="a,c")


def test_splits_of_all_data_sets_are_trained_on(here):
    records = open_with(data_dir="a,b", train_split="train,val")
    assert names(records) == [
        "'train' in a",
        "'val' in a",
        "'train' in b",
        "'val' in b",
        "'val' in a",
    ]
    assert records.num_examples == 13


def test_a_data_set_gives_the_splits_that_it_has(here):
    without("a", "val")
    without("b", "train")
    records = open_with(data_dir="a,b")
    assert names(records) == ["'train' in a", "'val' in b"]


def test_a_split_that_no_data_set_has_is_an_error(here):
    text = "no split 'tes', only train, val; no conversion makes one, there are"
    with pytest.raises(ManifestError, match=text):
        open_with(data_dir="a", train_split="train,tes")
    text = "none of the 2 data sets of --data_dir has a split 'test'; convert"
    with pytest.raises(ManifestError, match=text):
        open_with(data_dir="a,b", train_split="train,test")


def test_a_split_that_comes_twice_is_an_error(here):
    with pytest.raises(ConfigError, match="names 'train' twice"):
        open_with(data_dir="a", train_split="train,train")
    with pytest.raises(ConfigError, match="train,train_fine names 'train' tw"):
        open_with(data_dir="a", train_split="train,train_fine")


@pytest.mark.parametrize("again", ["a", "a/", "../{}/a", "link"])
def test_a_data_set_that_comes_twice_is_an_error(here, again):
    os.symlink("a", "link")
    again = again.format(here.name)
    text = f"^--data_dir names a and {again}, which are one folder; leave one"
    with pytest.raises(ConfigError, match=text):
        open_with(data_dir=f"a,b,{again}")


@pytest.mark.parametrize("data_dir", ["a,", ",a", "a,,b"])
def test_a_comma_beside_nothing_is_an_error(here, data_dir):
    with pytest.raises(ConfigError, match=f"={data_dir} has nothing before or"):
        open_with(data_dir=data_dir)


def test_a_data_set_that_is_not_used_is_an_error(here):
    without("b", "train")
    with pytest.raises(ConfigError, match="^b holds none .* only val; add one"):
        open_with(data_dir="a,b")


def test_weights_multiply_frames_and_pixels(here):
    records = open_with(data_dir="a,b", data_weights=(2, 0.5))
    assert records.num_examples == 2 * 4 + 3
    assert records.describe() == (
        "11 frames, 2 x 4 of 'train' in a + 0.5 x 6 of 'train' in b"
    )
    one, other = (np.array(part.counts.class_pixels) for part in records.train)
    expected = np.ceil(2 * one + 0.5 * other)
    np.testing.assert_array_equal(records.pixel_counts.class_pixels, expected)


def test_one_data_set_of_one_split_is_what_its_manifest_says(here):
    records = open_with(data_dir="a")
    counts = records.train[0].counts
    assert tuple(records.pixel_counts.class_pixels) == counts.class_pixels
    assert tuple(records.pixel_counts.present_pixels) == counts.present_pixels
    assert records.train_digest == records.train[0].digest()
    assert records.describe() == "4 frames of train"


def test_there_are_as_many_weights_as_data_sets(here):
    with pytest.raises(ConfigError, match="3 numbers for the 2 data sets"):
        open_with(data_dir="a,b", data_weights=(1, 2, 3))


def test_weights_that_leave_no_frame_are_an_error(here):
    with pytest.raises(ConfigError, match="=0.1 leave an epoch no frame"):
        open_with(data_dir="a", data_weights=(0.1,))


def test_other_classes_are_refused_by_the_first_that_differs(here):
    tiny_dataset.write_dataset("c", 4, 2, label_space="train_ids")
    text = (
        "^c has other classes than a: 0 of train_ids is 'road' here, of "
        "label_ids 'unlabeled' there; convert"
    )
    with pytest.raises(ConfigError, match=text):
        open_with(data_dir="a,c")


def test_the_label_space_that_is_insisted_on_is_that_of_all(here):
    with pytest.raises(ConfigError, match="=train_ids, but a holds label_ids"):
        open_with("train_ids", data_dir="a,b")


def test_training_on_the_evaluation_split_is_known_by_the_records(here):
    assert not open_with(data_dir="a").is_scored_on_its_training
    records = open_with(data_dir="a", train_split="train,val")
    assert records.is_scored_on_its_training
    tiny_dataset.write_dataset("copy", 4, 2)
    records = open_with(data_dir="a,copy", train_split="val", eval_split="val")
    assert records.is_scored_on_its_training


def test_a_change_of_any_split_is_noticed(here):
    records = open_with(data_dir="a,b")
    records.check_unchanged()
    tiny_dataset.write_dataset("b", 5, 1)
    with pytest.raises(ManifestError, match="data set in b has changed"):
        records.check_unchanged()
