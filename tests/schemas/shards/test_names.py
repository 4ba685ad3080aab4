import pytest

from schemas.shards import names


def test_shard_names_parse_back():
    name = names.shard_name("train_extra", 3, 64)
    assert name == "train_extra-00003-of-00064.tfrecord"
    assert names.parse_shard_name(name) == ("train_extra", 3, 64)
    assert not names.is_shard_name("train-3-of-64.tfrecord")


def test_other_names_are_no_shards():
    with pytest.raises(ValueError, match="'notes.txt' is not named as a shard"):
        names.parse_shard_name("notes.txt")
