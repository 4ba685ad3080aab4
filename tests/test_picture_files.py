import zipfile

import numpy as np
import pytest
from PIL import Image

from trainer import picture_files, pictures


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "val" / "ulm").mkdir(parents=True)
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    Image.fromarray(pixels).save(tmp_path / "b.png")
    Image.fromarray(pixels).save(tmp_path / "a.JPG", "JPEG")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_a_folder_gives_its_pictures_in_order(folder):
    assert picture_files.find_pictures(str(folder)) == [
        str(folder / "a.JPG"),
        str(folder / "b.png"),
    ]


def test_a_cityscapes_folder_gives_its_frames_only(folder):
    frame = folder / "val" / "ulm" / "ulm_000000_000019_leftImg8bit.png"
    (folder / "b.png").rename(frame)
    assert picture_files.find_pictures(str(folder)) == [str(frame)]
    assert picture_files.stem(str(frame)) == "ulm_000000_000019"


def test_a_pattern_and_a_file_are_taken_as_they_are(folder):
    assert picture_files.find_pictures(f"{folder}/*.png") == [f"{folder}/b.png"]
    assert picture_files.find_pictures(f"{folder}/b.png") == [f"{folder}/b.png"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("val", "holds no .png, .jpg, .jpeg"), ("x*.png", "matches none")],
)
def test_no_picture_is_an_error(folder, pattern, message):
    with pytest.raises(FileNotFoundError, match=message):
        picture_files.find_pictures(str(folder / pattern))


def test_pictures_in_a_zip_are_read_in_place(folder):
    path = f"{folder}/leftImg8bit.zip"
    member = "leftImg8bit/val/ulm/ulm_000000_000019_leftImg8bit.png"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(folder / "b.png", member)
        archive.write(folder / "notes.txt", "README")
    assert picture_files.find_pictures(path) == [f"{path}/{member}"]
    picture = pictures.read_picture(f"{path}/{member}")
    np.testing.assert_array_equal(picture.image, np.arange(24).reshape(2, 4, 3))


def test_a_zip_that_is_none_is_named(folder):
    (folder / "x.zip").write_text("no zip")
    with pytest.raises(ValueError, match=r"x\.zip is no zip"):
        picture_files.find_pictures(f"{folder}/x.zip")
