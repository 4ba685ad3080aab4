"""Tests what the comparison of stored formats compares."""

import io

import numpy as np
import pytest
from PIL import Image

from benchmarks import image_formats
from tests.commands import is_one_line, run
from tests.trees import STEMS, image_path, write_tree


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    root = write_tree(tmp_path_factory.mktemp("root"))
    picture = image_path(root, STEMS[0]).read_bytes()
    return picture, image_formats.store([picture])


def test_pngs_lose_nothing_and_jpeg_says_what_it_loses(stored):
    _, formats = stored
    losses = {
        name: (found.max_difference, found.mean_difference, found.psnr_db)
        for name, found in formats.items()
    }
    largest, mean, psnr_db = losses.pop(image_formats.JPEG)
    assert 0 < mean < largest
    assert 20 < psnr_db < 60
    assert set(losses.values()) == {(0, 0.0, float("inf"))}


def test_every_format_holds_the_picture_averaged_over_areas(stored):
    picture, formats = stored
    native = Image.open(io.BytesIO(picture))
    expected = np.asarray(native.resize((280, 280), Image.Resampling.BOX))
    for name, found in formats.items():
        (file,) = found.files
        shown = np.asarray(Image.open(io.BytesIO(file))).astype(int)
        difference = np.abs(shown - expected).max()
        assert difference == found.max_difference, name


def test_a_root_without_pairs_is_one_line(tmp_path):
    done = run("benchmarks.image_formats", f"--cityscapes_root={tmp_path}")
    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert "there is no" in done.stderr
