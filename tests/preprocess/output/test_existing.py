"""What lies in an output folder already, and who made it."""

import pytest

from preprocess.errors import ConversionError
from preprocess.options import Encoding
from tests import trees
from tests.preprocess.conversions import convert


def test_foreign_tfrecords_are_not_touched(root, tmp_path):
    stranger = tmp_path / "out" / "train-00000-of-00009.tfrecord"
    trees.write(stranger, b"precious")
    trees.write(tmp_path / "out" / "index.html", b"my page")
    with pytest.raises(ConversionError, match="2 files of a data set without"):
        convert(root, tmp_path / "out")
    assert stranger.read_bytes() == b"precious"
    assert (tmp_path / "out" / "index.html").read_bytes() == b"my page"


def test_index_files_of_others_are_not_deleted(root, tmp_path):
    stranger = tmp_path / "out/index/train-00000-of-00009.tfrecord.index"
    trees.write(stranger, b"0 9")
    with pytest.raises(ConversionError, match=f"first index/{stranger.name}"):
        convert(root, tmp_path / "out")
    assert stranger.read_bytes() == b"0 9"


def test_a_set_stays_one_until_there_is_a_plan_for_the_next(root, tmp_path):
    out = tmp_path / "out"
    convert(root, out)
    before = trees.contents(out)
    label = trees.label_path(root, trees.STEMS[1])
    label.rename(tmp_path / "lost")
    other = {"overwrite": True, "encoding": Encoding(image_size=(4, 8))}
    with pytest.raises(ConversionError, match="1 frame is not complete"):
        convert(root, out, **other)
    assert before.items() <= trees.contents(out).items()
    with pytest.raises(ConversionError, match="holds another data set"):
        convert(root, out)
    (tmp_path / "lost").rename(label)
    assert convert(root, out).repairs is not None
    assert trees.contents(out) == before


@pytest.mark.parametrize("write_index", [False, True])
def test_index_files_of_the_former_set_go_with_it(root, tmp_path, write_index):
    options = {"num_shards": 2, "write_index": write_index}
    convert(root, tmp_path / "fresh", **options)
    convert(root, tmp_path / "out", num_shards=3, write_index=True)
    convert(root, tmp_path / "out", overwrite=True, **options)
    assert trees.contents(tmp_path / "out") == trees.contents(
        tmp_path / "fresh"
    )


def test_a_split_of_which_nothing_can_be_converted_is_an_error(root, tmp_path):
    for stem in trees.STEMS:
        path = trees.label_path(root, stem)
        path.write_bytes(trees.png(trees.label_map(0) + 100))
    with pytest.raises(
        ConversionError,
        match="no frame of train can be converted, first .*holds id 100.*"
        "leave train out of --splits",
    ):
        convert(root, tmp_path / "out", on_error="skip")
    assert not (tmp_path / "out" / "manifest.json").exists()
