"""Tests of preprocess.sample and of the tree that it writes."""

import json
import os
import pathlib
import re

import numpy as np
import pytest
from PIL import Image

from preprocess import sample as door
from preprocess.sources.tree import MARKER

SMALL = ["--num_train=5", "--num_val=3", "--image_size=32x64", "--workers=1"]


def _run(folder, *flags):
    return door.main([f"--output_dir={folder}", *SMALL, *flags])


def _content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(pathlib.Path(folder).rglob("*.png"))
    }


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tree")
    assert _run(folder) == 0
    return folder


def test_files_have_the_names_of_cityscapes(tree):
    image = re.compile(
        r"leftImg8bit/(train|val)/([a-z-]+)/\2_\d{6}_\d{6}_leftImg8bit\.png"
    )
    names = list(_content(tree))
    images = [name for name in names if name.startswith("leftImg8bit")]
    assert all(image.fullmatch(name) for name in images)
    labels = [
        name.replace("leftImg8bit/", "gtFine/").replace(
            "_leftImg8bit", "_gtFine_labelIds"
        )
        for name in images
    ]
    assert sorted(images + labels) == sorted(names)
    assert sum("/train/" in name for name in images) == 5
    assert sum("/val/" in name for name in images) == 3


def test_cities_differ_between_splits_and_one_has_a_hyphen(tree):
    train, val = (
        set(os.listdir(tree / "leftImg8bit" / split))
        for split in ("train", "val")
    )
    assert not train & val
    assert any("-" in city for city in train)


def test_frame_numbers_are_not_all_the_same(tree):
    names = [pathlib.Path(name).name for name in _content(tree)]
    assert len({re.findall(r"_(\d{6})", name)[1] for name in names}) > 3


def test_pngs_are_8_bit_rgb_and_grey_of_the_asked_size(tree):
    for name in _content(tree):
        with Image.open(tree / name) as picture:
            mode = "RGB" if "leftImg8bit" in name else "L"
            assert (picture.mode, picture.size) == (mode, (64, 32))


def test_two_processes_write_the_same_bytes_as_one(tree, tmp_path):
    assert _run(tmp_path, "--workers=2") == 0
    assert _content(tmp_path) == _content(tree)


def test_another_seed_writes_other_pictures(tree, tmp_path):
    assert _run(tmp_path, "--seed=2") == 0
    assert not set(_content(tmp_path).values()) & set(_content(tree).values())


def test_more_scenes_keep_the_first_ones(tree, tmp_path):
    assert _run(tmp_path, "--num_train=7") == 0
    assert _content(tree).items() <= _content(tmp_path).items()


def test_an_existing_tree_is_kept_unless_overwritten(tmp_path, capsys):
    assert _run(tmp_path) == 0
    before = _content(tmp_path)
    assert _run(tmp_path, "--seed=2") == 1
    assert "add --overwrite" in capsys.readouterr().err
    assert _content(tmp_path) == before
    assert _run(tmp_path, "--seed=2", "--num_val=1", "--overwrite") == 0
    assert len(_content(tmp_path)) == 2 * (5 + 1)
    assert json.loads((tmp_path / MARKER).read_text())["seed"] == 2


def test_a_tree_of_somebody_else_is_never_replaced(tmp_path, capsys):
    picture = tmp_path / "leftImg8bit" / "train" / "real.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"precious")
    assert _run(tmp_path, "--overwrite") == 1
    error = capsys.readouterr().err
    assert "no such command made" in error and error.count("\n") == 1
    assert picture.read_bytes() == b"precious"


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_bytes(b"")
    assert _run(tmp_path / "file" / "tree") == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1


@pytest.mark.parametrize(
    "flag",
    ["--num_train=-1", "--num_val=x", "--image_size=64", "--image_size=0x9",
     "--image_size=native", "--image_size=8x8", "--workers=0", "--sed=1"],
)  # fmt: skip
def test_a_bad_flag_is_one_line_and_exit_code_2(flag, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        _run(tmp_path, flag)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert flag.split("=")[0] in error and error.count("\n") == 1


def test_nothing_to_draw_is_an_error(tmp_path, capsys):
    with pytest.raises(SystemExit):
        _run(tmp_path, "--num_train=0", "--num_val=0")
    assert "nothing to draw" in capsys.readouterr().err


def test_label_maps_hold_ids_of_the_table_only(tree):
    for name in _content(tree):
        if name.startswith("gtFine"):
            assert np.asarray(Image.open(tree / name)).max() <= 33
