import importlib.util
import zipfile
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from schemas.failures import UserError
from tests import trees
from trainer.storage.image_files import find_pictures
from trainer.video.source import PictureFrames, open_clip


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


def write_pictures(folder, sizes):
    for number, size in enumerate(sizes):
        pixels = np.full((*size, 3), number, np.uint8)
        trees.write(folder / f"{number:03d}.png", trees.png(pixels))
    return str(folder)


def open_pictures(place, fps=10.0):
    return PictureFrames(place, find_pictures(place), fps)


def test_pictures_are_frames_in_the_order_of_their_paths(tmp_path):
    place = write_pictures(tmp_path / "drive", [(4, 6)] * 5)
    source = open_pictures(place, 29.97)
    assert (source.stem, source.num_frames) == ("drive", 5)
    assert source.rate == Fraction(2997, 100)
    for number, frame in enumerate(source.frames(pytest.fail)):
        assert (frame.image == number).all()
        assert frame.seconds == number * Fraction(100, 2997)


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (29.97002997, Fraction(30_000, 1001)),
        (23.976023976, Fraction(24_000, 1001)),
        (59.94005994, Fraction(60_000, 1001)),
        (29.97, Fraction(2997, 100)),
        (23.976, Fraction(2997, 125)),
        (0.01, Fraction(1, 100)),
        (12.5, Fraction(25, 2)),
        (999.999, Fraction(999_999, 1000)),
    ],
)
def test_a_rate_is_one_that_videos_can_have(tmp_path, fps, rate):
    place = write_pictures(tmp_path / "drive", [(4, 6)])
    assert open_pictures(place, fps).rate == rate


def test_pictures_that_are_no_frames_are_named_and_leave_a_gap(tmp_path):
    place = write_pictures(tmp_path / "drive", [(4, 6)] * 2 + [(6, 4), (4, 6)])
    (tmp_path / "drive" / "001.png").write_text("no picture")
    complaints = []
    source = open_pictures(place)
    times = [frame.seconds for frame in source.frames(complaints.append)]
    assert times == [0, Fraction(3, 10)]
    unread, odd = complaints
    assert unread.startswith(f"{place}/001.png: not a PNG")
    assert odd.startswith(f"{place}/002.png: a picture of 6x4, but the video's")
    assert f"{place}/000.png, is of 4x6" in odd


@pytest.mark.parametrize(
    ("place", "stem"),
    [
        ("drive.v2", "drive.v2"),
        ("drive.v2/", "drive.v2"),
        ("drive.v2/00*.png", "drive.v2"),
        ("drive.v2/001.png", "001"),
        (".", "{here}"),
    ],
)
def test_a_video_is_named_by_what_holds_its_pictures(
    tmp_path, monkeypatch, place, stem
):
    monkeypatch.chdir(tmp_path)
    write_pictures(tmp_path / "drive.v2", [(4, 6)] * 2)
    source = open_pictures(place)
    assert source.stem == stem.format(here=tmp_path.name)


def test_a_zip_of_pictures_gives_its_name(tmp_path):
    pixels = trees.png(np.zeros((4, 6, 3), np.uint8))
    with zipfile.ZipFile(tmp_path / "drive.zip", "w") as archive:
        archive.writestr("a/b.png", pixels)
    source = open_pictures(str(tmp_path / "drive.zip"))
    assert source.stem == "drive"


def test_without_the_package_one_line_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a clip")
    with pytest.raises(UserError, match="a.mp4 is a clip, which .* run pip"):
        open_clip(str(clip))
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=r'--fps=10 makes .*"\.\[video\]"'):
        open_pictures(str(tmp_path))


def test_a_clip_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="--input=.*no.mp4 does not"):
        open_clip(str(tmp_path / "no.mp4"))
