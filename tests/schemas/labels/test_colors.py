import tracemalloc

import numpy as np
import pytest

from schemas.labels import colors, files
from schemas.labels.cityscapes import CITYSCAPES, LABEL_IDS
from schemas.labels.colors import ids_of_colors, overlay

TABLE = files.parse("name,id,color\nroad,3,1 2 3\nsky,200,255 254 0\n")
PAINTED = np.array([[[1, 2, 3], [255, 254, 0], [1, 2, 3]]], np.uint8)


def test_overlay_mixes_colours_half_and_half_and_leaves_ignored_pixels():
    image = np.full((1, 2, 3), 100, np.uint8)
    ids = np.array([[7, 255]], np.uint8)
    mixed = overlay(image, ids, LABEL_IDS)
    assert mixed.tolist() == [[[114, 82, 114], [100, 100, 100]]]


def test_overlay_knows_the_ids_of_its_space():
    image = np.full((1, 3, 3), 101, np.uint8)
    ids = np.array([[3, 200, 0]], np.uint8)
    mixed = overlay(image, ids, TABLE.label_ids, opacity=1)
    assert mixed.tolist() == [[[1, 2, 3], [255, 254, 0], [101] * 3]]


def test_an_overlay_fades_with_its_confidence():
    image = np.full((1, 4, 3), 100, np.uint8)
    ids = np.array([[3, 3, 3, 0]], np.uint8)
    levels = np.array([[65535, 39321, 0, 65535]], np.uint16)
    mixed = overlay(image, ids, TABLE.label_ids, 0.5, levels)
    faded = [70, 71, 71]  # Of 1, 2, 3 three tenths.
    assert mixed.tolist() == [[[50, 51, 52], faded, [100] * 3, [100] * 3]]


def test_an_overlay_takes_little_more_memory_than_its_pictures(monkeypatch):
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (1024, 1024, 3), np.uint8)
    ids = random.integers(0, 40, (1024, 1024), np.uint8)
    tracemalloc.start()
    mixed = overlay(image, ids, LABEL_IDS)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 2 * image.nbytes
    monkeypatch.setattr(colors, "_STRIP_PIXELS", image.size)
    assert (overlay(image, ids, LABEL_IDS) == mixed).all()


def test_painted_label_maps_become_ids():
    ids = ids_of_colors(PAINTED, TABLE)
    assert ids.dtype == np.uint8
    assert ids.tolist() == [[3, 200, 3]]


def test_a_color_of_no_class_is_named_with_its_pixel():
    pixels = np.repeat(PAINTED, 4, 0)
    pixels[2, 1] = 1, 2, 4
    pixels[3] = 9
    with pytest.raises(
        ValueError, match=r"the color \(1, 2, 4\) of the pixel at x=1, y=2 is"
    ):
        ids_of_colors(pixels, TABLE)


def test_colors_that_two_classes_share_tell_nothing():
    with pytest.raises(
        ValueError, match="that of 'unlabeled' and of 'ego vehicle', so colors"
    ):
        ids_of_colors(PAINTED, CITYSCAPES)
