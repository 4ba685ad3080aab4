import zipfile

import numpy as np
import pytest

from tests import trees
from trainer.storage import image_files, images


def paths(pattern):
    return list(image_files.find_pictures(str(pattern)).paths)


def test_a_folder_gives_its_pictures_in_order(picture_folder):
    assert paths(picture_folder) == [
        f"{picture_folder}/a.JPG",
        f"{picture_folder}/b.png",
    ]


def test_a_cityscapes_folder_gives_its_frames_and_names_the_rest(tmp_path):
    root = trees.write_tree(tmp_path, trees.STEMS[:2], split="val")
    (root / "photo.png").write_bytes(b"?")
    (root / "leftImg8bit" / "x_gtFine_color.png").write_bytes(b"?")
    frames = [str(trees.image_path(root, s, "val")) for s in trees.STEMS[:2]]
    found = image_files.find_pictures(str(root))
    assert list(found.paths) == frames
    assert image_files.stem(frames[0]) == trees.STEMS[0]
    assert sorted((s.path, s.reason) for s in found.strays) == [
        (f"{root}/leftImg8bit/x_gtFine_color.png", "named as a label map"),
        (f"{root}/photo.png", "not below leftImg8bit/"),
    ]


def test_one_frames_name_drops_no_picture_beside_it(picture_folder):
    frame = picture_folder / "ulm_000000_000019_leftImg8bit.png"
    (picture_folder / "b.png").rename(frame)
    assert paths(picture_folder) == [f"{picture_folder}/a.JPG", str(frame)]


@pytest.mark.parametrize(
    "suffix",
    ["png", "jpg", "JPEG", "jfif", "webp", "bmp", "tif", "TIFF"],
)
def test_every_format_that_is_taken_by_name_is_found(tmp_path, suffix):
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(b"?")
    assert paths(path) == paths(tmp_path) == [str(path)]


def test_what_looks_like_a_picture_and_is_not_taken_is_named(picture_folder):
    kinds = ("labelIds", "color", "probabilities")
    for name in ("clip.gif", *(f"{kind}/b_{kind}.png" for kind in kinds)):
        trees.write(picture_folder / name, b"?")
    for name in ("._a.JPG", ".DS_Store", "__MACOSX/a.JPG", ".git/b.png"):
        trees.write(picture_folder / name, b"?")
    found = image_files.find_pictures(str(picture_folder))
    assert len(found.paths) == 2
    assert sorted((s.path, s.reason) for s in found.strays) == [
        (
            f"{picture_folder}/clip.gif",
            "none of .png, .jpg, .jpeg, .jfif, .webp, .bmp, .tif, .tiff",
        ),
        *(
            (f"{picture_folder}/{kind}/b_{kind}.png", "named as a prediction")
            for kind in sorted(kinds)
        ),
    ]


@pytest.mark.parametrize(
    "name", ["a [v2]", "a,b", "a*", "a?b", "a#b", "a%20b", "a'\"b", "~"]
)
def test_a_name_is_no_pattern_where_there_is_such_a_file(picture_folder, name):
    folder = picture_folder / name
    folder.mkdir()
    content = (picture_folder / "b.png").read_bytes()
    for file in (f"{name}.png", "b.png"):
        (folder / file).write_bytes(content)
    zipped = trees.zip_tree(
        trees.write_tree(folder / "tree", trees.STEMS[:1]), folder / "zips.zip"
    )
    assert paths(folder / f"{name}.png") == [f"{folder}/{name}.png"]
    path = zipped / "leftImg8bit_trainvaltest.zip"
    (frame,) = paths(path)
    assert image_files.read_bytes(frame).startswith(b"\x89PNG")
    assert paths(zipped.parent / "b.png") == [f"{folder}/b.png"]


def test_backslashes_in_a_zip_are_folders(picture_folder):
    path = f"{picture_folder}/x.ZIP"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(picture_folder / "b.png", "in\\ulm_leftImg8bit.png")
        archive.write(picture_folder / "b.png", "./in/b.png")
        archive.write(picture_folder / "b.png", "__MACOSX/in/._b.png")
    found = paths(path)
    assert sorted(map(image_files.stem, found)) == ["b", "ulm"]
    assert all(images.read_picture(p).image.shape == (2, 4, 3) for p in found)


def test_a_pattern_and_a_file_are_taken_as_they_are(picture_folder):
    assert paths(f"{picture_folder}/*.png") == [f"{picture_folder}/b.png"]
    assert paths(f"{picture_folder}/b.png") == [f"{picture_folder}/b.png"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("val", "holds no .png, .jpg, .jpeg"), ("x*.png", "it matches no file")],
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
    assert paths(path) == [f"{path}/{member}"]
    picture = images.read_picture(f"{path}/{member}")
    np.testing.assert_array_equal(picture.image, np.arange(24).reshape(2, 4, 3))


def test_a_zip_that_is_none_is_named(picture_folder):
    (picture_folder / "x.zip").write_text("no zip")
    with pytest.raises(
        ValueError, match=r"x\.zip is not a complete zip archive"
    ):
        image_files.find_pictures(f"{picture_folder}/x.zip")
