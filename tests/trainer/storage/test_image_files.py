import zipfile

import numpy as np
import pytest

from trainer.storage import image_files, images


def test_a_folder_gives_its_pictures_in_order(picture_folder):
    assert image_files.find_pictures(str(picture_folder)) == [
        str(picture_folder / "a.JPG"),
        str(picture_folder / "b.png"),
    ]


def test_a_cityscapes_folder_gives_its_frames_only(picture_folder):
    frame = picture_folder / "val" / "ulm" / "ulm_000000_000019_leftImg8bit.png"
    (picture_folder / "b.png").rename(frame)
    assert image_files.find_pictures(str(picture_folder)) == [str(frame)]
    assert image_files.stem(str(frame)) == "ulm_000000_000019"


def test_a_pattern_and_a_file_are_taken_as_they_are(picture_folder):
    assert image_files.find_pictures(f"{picture_folder}/*.png") == [
        f"{picture_folder}/b.png"
    ]
    assert image_files.find_pictures(f"{picture_folder}/b.png") == [
        f"{picture_folder}/b.png"
    ]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("val", "holds no .png, .jpg, .jpeg"), ("x*.png", "matches none")],
)
def test_no_picture_is_an_error(picture_folder, pattern, message):
    with pytest.raises(FileNotFoundError, match=message):
        image_files.find_pictures(str(picture_folder / pattern))


def test_pictures_in_a_zip_are_read_in_place(picture_folder):
    path = f"{picture_folder}/leftImg8bit.zip"
    member = "leftImg8bit/val/ulm/ulm_000000_000019_leftImg8bit.png"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(picture_folder / "b.png", member)
        archive.write(picture_folder / "notes.txt", "README")
    assert image_files.find_pictures(path) == [f"{path}/{member}"]
    picture = images.read_picture(f"{path}/{member}")
    np.testing.assert_array_equal(picture.image, np.arange(24).reshape(2, 4, 3))


def test_a_zip_that_is_none_is_named(picture_folder):
    (picture_folder / "x.zip").write_text("no zip")
    with pytest.raises(ValueError, match=r"x\.zip is no zip"):
        image_files.find_pictures(f"{picture_folder}/x.zip")
