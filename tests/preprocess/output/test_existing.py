"""What lies in an output folder already, and who made it."""

import pytest

from preprocess.errors import ConversionError
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
