"""Which of a frame's files an error is about."""

import dataclasses

import pytest

from preprocess.errors import BadPictureError
from preprocess.options import Encoding, Options
from preprocess.records import frame_files
from preprocess.sources import listing
from tests import trees


def frame_of(root):
    (frame,) = listing.list_frames("train", Options(str(root), "out"))
    return frame


def encode(frame):
    files = map(frame_files.read, (frame.image, frame.label))
    return frame_files.encode(frame, *files, Encoding())


@pytest.mark.parametrize("kind", ["image", "label"])
def test_it_is_the_one_that_is_damaged(tmp_path, kind):
    root = trees.write_tree(tmp_path, trees.STEMS[:1])
    path = vars(trees)[f"{kind}_path"](root, trees.STEMS[0])
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(BadPictureError, match=f"{kind} is truncated") as caught:
        encode(frame_of(root))
    assert caught.value.path == str(path)


def test_it_is_the_entry_that_cannot_be_unpacked(tmp_path):
    root = trees.write_tree(tmp_path / "tree", trees.STEMS[:1])
    zips = trees.zip_tree(root, tmp_path / "zips")
    path = zips / "gtFine_trainvaltest.zip"
    data = bytearray(path.read_bytes())
    data[data.index(b"_labelIds.png") + 40] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadPictureError, match="cannot be unpacked") as caught:
        encode(frame_of(zips))
    assert caught.value.path.startswith(f"{path}!gtFine/train/")


def test_it_is_the_one_that_is_too_large(tmp_path):
    frame = frame_of(trees.write_tree(tmp_path, trees.STEMS[:1]))
    large = dataclasses.replace(frame.label, num_bytes=(256 << 20) + 1)
    with pytest.raises(BadPictureError, match="file takes 256.0 MiB") as caught:
        frame_files.read(large)
    assert caught.value.path == frame.label.path
