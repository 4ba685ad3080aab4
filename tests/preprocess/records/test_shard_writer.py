"""One shard, on an object store."""

import pytest

from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.records import shard_writer
from preprocess.sources import listing
from tests import trees

OPTIONS = Options("store://bucket/root", "store://bucket/out")
SHARD = "store://bucket/out/train-00000-of-00001.tfrecord"


@pytest.fixture
def frames(store, root):
    store.fill(OPTIONS.cityscapes_root, trees.contents(root))
    return listing.list_frames("train", OPTIONS)


def write(frames):
    return shard_writer.write_shard("train", 0, 1, frames, OPTIONS)


def test_a_shard_that_has_a_report_alone_is_made_again(store, frames):
    report = write(frames)
    shard = store.objects.pop(SHARD)
    assert write(frames) == report
    assert store.objects[SHARD] == shard


def test_a_finished_shard_is_taken_as_it_is(store, frames, monkeypatch):
    report = write(frames)
    monkeypatch.setattr(shard_writer, "_write", None)
    assert write(frames) == report


def test_a_picture_that_went_away_since_it_was_listed_is_named(store, frames):
    path = min(frames, key=lambda frame: frame.name).image.path
    del store.objects[path]
    with pytest.raises(ConversionError) as caught:
        write(frames)
    assert str(caught.value) == (
        f"{path} cannot be read ({path} does not exist); mend that and run "
        "the same command again, finished shards are kept."
    )


def test_what_the_service_does_not_let_write_is_one_line(store, frames):
    store.errors["close"] = store.ClientError("may not write", 403)
    with pytest.raises(ConversionError) as caught:
        write(frames)
    assert str(caught.value).startswith(
        "cannot write train-00000-of-00001.tfrecord in store://bucket/out: "
        "store://bucket/out/.unfinished/train-00000-of-00001.tfrecord."
    )
    assert str(caught.value).endswith(
        ": may not write; check that the folder can be written and run the "
        "same command again, finished shards are kept."
    )
