import threading

import numpy as np
import pytest
from PIL import Image

from trainer.storage import images


def test_pictures_become_rgb(tmp_path):
    path = str(tmp_path / "grey.png")
    Image.fromarray(np.array([[5, 6]], np.uint8)).save(path)
    picture = images.read_picture(path)
    assert picture.image.tolist() == [[[5, 5, 5], [6, 6, 6]]]


def test_a_file_that_is_no_picture_is_named(picture_folder):
    with pytest.raises(ValueError, match=r"notes\.txt: not a picture"):
        images.read_picture(str(picture_folder / "notes.txt"))


def test_a_picture_that_breaks_off_is_named(picture_folder):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    content = images.encode_png(noise)
    (picture_folder / "half.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"half\.png: a damaged picture"):
        images.read_picture(str(picture_folder / "half.png"))


def test_label_maps_must_have_one_channel(picture_folder):
    with pytest.raises(ValueError, match="8-bit grey, its mode is RGB"):
        images.decode_ids((picture_folder / "b.png").read_bytes())


def test_encoded_pixels_come_back():
    ids = np.array([[0, 33], [255, 7]], np.uint8)
    np.testing.assert_array_equal(
        images.decode_ids(images.encode_png(ids)), ids
    )


def test_threads_keep_the_order_and_stay_few_items_ahead():
    taken, release = [], threading.Event()

    def items():
        for number in range(50):
            taken.append(number)
            yield number

    def double(number):
        if number == 0:
            release.wait(5)
        return 2 * number

    results = images.ahead(double, items(), num_threads=3)
    timer = threading.Timer(0.05, release.set)
    timer.start()
    assert next(results) == 0
    assert len(taken) == 3
    assert list(results) == [2 * number for number in range(1, 50)]


def test_an_error_in_a_thread_reaches_the_caller():
    with pytest.raises(ZeroDivisionError):
        list(images.ahead(lambda number: 1 // number, [1, 0]))
