import dataclasses
import errno
import os

import numpy as np
import pytest
import tensorflow as tf

from tests import tiny_dataset
from trainer.config.flag import ConfigError
from trainer.data import cache
from trainer.data.dataset import Part, load
from trainer.data.process_share import WHOLE
from trainer.data.source import open_records
from trainer.storage import progress

SIZE = (4, 6)


@pytest.fixture
def rooms(monkeypatch):
    """Sets the free bytes of memory and disk."""

    def set_rooms(memory, disk):
        monkeypatch.setattr(cache.memory, "free_bytes", lambda: memory)
        monkeypatch.setattr(cache, "_free_disk", lambda folder: disk)

    return set_rooms


@pytest.mark.parametrize(
    ("memory", "disk", "is_slow", "place"),
    [
        (200, 0, False, "ram"),
        (199, 200, True, "disk"),
        (199, 200, False, "none"),
        (199, 199, True, "none"),
    ],
)
def test_auto_takes_half_of_what_is_free(rooms, memory, disk, is_slow, place):
    rooms(memory, disk)
    assert cache.choose_place("auto", 100, is_slow, "") == place


def test_what_does_not_fit_is_refused_with_both_sizes(rooms):
    rooms(memory=8_000_000, disk=0)
    text = "--cache=ram needs 4.8 MiB .* half of what is free are 3.8 MiB"
    with pytest.raises(ConfigError, match=text):
        cache.choose_place("ram", 5_000_000, False, "")


def test_none_asks_for_no_room(rooms):
    rooms(memory=0, disk=0)
    assert cache.choose_place("none", 100, True, "") == "none"


@pytest.mark.parametrize("on_disk", [False, True])
def test_pictures_stay_as_they_were_and_leave_no_file(tmp_path, on_disk):
    images = np.arange(3 * 4 * 6 * 3, dtype=np.uint8).reshape(3, *SIZE, 3)
    labels = images[..., 0] // 8
    decoded = tf.data.Dataset.from_tensor_slices((images, labels))
    folder = str(tmp_path) if on_disk else None
    kept = cache.fill(decoded, 3, SIZE, folder)
    np.testing.assert_array_equal(kept.images, images)
    np.testing.assert_array_equal(kept.labels, labels)
    assert not list(tmp_path.iterdir())


def test_pictures_of_another_size_are_refused():
    pair = (np.zeros((1, 4, 5, 3), np.uint8), np.zeros((1, 4, 5), np.uint8))
    decoded = tf.data.Dataset.from_tensor_slices(pair)
    with pytest.raises(ConfigError, match="size, 4x6; one is 4x5"):
        cache.fill(decoded, 1, SIZE)


@pytest.mark.parametrize("place", ["ram", "disk"])
def test_pictures_of_several_sizes_are_refused_before_one_is_decoded(
    source, tmp_path, place
):
    several = dataclasses.replace(
        source, sizes=[SIZE, (4, 5)], open_shard=pytest.fail
    )
    with pytest.raises(ConfigError, match="size, 4x6; one is 4x5"):
        cache.keep_decoded(several, place, str(tmp_path), pytest.fail)


@pytest.fixture
def source(tmp_path):
    """Three native frames of val."""
    tiny_dataset.write_dataset(tmp_path / "data", 1, 3, SIZE, native=True)
    part = Part(load(str(tmp_path / "data")), "val")
    return open_records(part, None, WHOLE)


def test_a_disk_that_is_full_after_all_is_said_in_one_line(
    rooms, source, tmp_path, monkeypatch
):
    rooms(memory=0, disk=1_000_000)

    def refuse(file, begin, size):
        assert (begin, size) == (0, 3 * 4 * 6 * 3)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache.os, "posix_fallocate", refuse)
    folder, said = str(tmp_path / "cache"), []
    line = (
        f"{folder} cannot hold 216 bytes of decoded pictures (No space left on "
        "device); use --cache=none"
    )
    with pytest.raises(ConfigError) as error:
        cache.keep_decoded(source, "disk", folder, said.append)
    assert str(error.value) == line
    del said[:]
    assert cache.keep_decoded(source, "auto", folder, said.append) is source
    assert said[1:] == [f"{line}, as val does now"]
    assert not list((tmp_path / "cache").iterdir())


def test_the_room_of_a_file_is_taken_before_it_is_written(tmp_path):
    with open(tmp_path / "file", "wb") as file:
        cache._reserve(file.fileno(), 100_000, "")
        assert os.fstat(file.fileno()).st_size == 100_000
        assert os.fstat(file.fileno()).st_blocks * 512 >= 100_000


def test_a_picture_and_its_label_take_four_bytes_a_pixel():
    assert cache.decoded_bytes(2975, (280, 280)) == 932_960_000


def test_long_decoding_says_how_far_it_is(monkeypatch, capsys):
    seconds = iter([0.0, 10.0, 20.0])  # start, after one, after two pictures
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))
    picture = tf.zeros([*SIZE, 3], tf.uint8), tf.zeros(SIZE, tf.uint8)
    decoded = tf.data.Dataset.from_tensors(picture).repeat(3)
    cache.fill(decoded, 3, SIZE)
    assert capsys.readouterr().err == "2 of 3 pictures, 0.10/s, 10 s left\n"
