import errno
import os

import pytest

from preprocess.errors import BadPictureError, ConversionError
from preprocess.sources import source_files
from preprocess.sources.source_files import Listing
from schemas.layouts.filenames import Stray
from schemas.layouts.table import CITYSCAPES
from tests import trees


def found(root, split="train", is_label=False):
    return list(
        source_files.list_files(Listing(str(root), CITYSCAPES, split, is_label))
    )


def listed(root, split="train", is_label=False):
    """Returns the files, in order; there may be nothing beside them."""
    return sorted(found(root, split, is_label))


def strays(root):
    return [file for file in found(root) if isinstance(file, Stray)]


def test_a_folder_lists_the_split_with_hyphens_and_any_frame_number(tmp_path):
    root = trees.write_tree(tmp_path)
    trees.write_tree(tmp_path, ["ulm_000009_000019"], split="val")
    files = listed(root)
    assert [file.stem for file in files] == sorted(trees.STEMS)
    assert not any(file.is_label for file in files)
    path = trees.image_path(root, trees.STEMS[0])
    first = next(file for file in files if file.stem == trees.STEMS[0])
    assert first.path == str(path)
    assert first.num_bytes == path.stat().st_size


def test_only_label_ids_are_listed_of_the_annotations(tmp_path):
    root = trees.write_tree(tmp_path, trees.STEMS[:1])
    label = trees.label_path(root, trees.STEMS[0])
    for kind in ("color", "instanceIds", "labelTrainIds"):
        trees.write(label.with_name(label.name.replace("labelIds", kind)), b"?")
    files = listed(root, is_label=True)
    assert [(file.stem, file.is_label) for file in files] == [
        (trees.STEMS[0], True)
    ]


def test_a_picture_of_another_name_is_not_passed_over(tmp_path):
    root = trees.write_tree(tmp_path)
    odd = trees.image_path(root, trees.STEMS[0]).with_name("holiday.png")
    odd.write_bytes(b"")
    (stray,) = strays(root)
    assert stray.path == str(odd)
    assert stray.reason == (
        "not named <city>_<sequence>_<frame>_leftImg8bit.png"
    )


def test_hidden_files_and_other_files_are_no_pictures(tmp_path):
    root = trees.write_tree(tmp_path, trees.STEMS[:1])
    folder = trees.image_path(root, trees.STEMS[0]).parent
    (folder / ".DS_Store").write_bytes(b"")
    (folder / "._x_leftImg8bit.png").write_bytes(b"")
    (folder / "README.txt").write_bytes(b"")
    assert len(listed(root)) == 1


def test_zips_list_and_read_as_the_folder_does(tmp_path):
    root = trees.write_tree(tmp_path / "tree")
    zips = trees.zip_tree(root, tmp_path / "zips")
    for is_label in (False, True):
        from_tree = listed(root, is_label=is_label)
        from_zips = listed(zips, is_label=is_label)
        assert [f.stem for f in from_zips] == [f.stem for f in from_tree]
        for one, other in zip(from_tree, from_zips, strict=True):
            assert source_files.read(one.path) == source_files.read(other.path)
            assert other.num_bytes == one.num_bytes


def test_a_zip_entry_that_is_damaged_is_a_bad_picture(tmp_path):
    root = trees.write_tree(tmp_path / "tree", trees.STEMS[:1])
    zips = trees.zip_tree(root, tmp_path / "zips")
    path = zips / "leftImg8bit_trainvaltest.zip"
    data = bytearray(path.read_bytes())
    at = data.index(b"_leftImg8bit.png") + 200
    data[at] ^= 1
    path.write_bytes(data)
    (file,) = listed(zips)
    with pytest.raises(BadPictureError, match="cannot be unpacked"):
        source_files.read(file.path)


def test_a_broken_zip_is_named(tmp_path):
    (tmp_path / "leftImg8bit_trainvaltest.zip").write_bytes(b"PK")
    with pytest.raises(
        ConversionError, match="trainvaltest.zip is not a complete"
    ):
        listed(tmp_path)


def test_links_are_followed_once_and_nowhere_is_an_empty_file(tmp_path):
    root = trees.write_tree(tmp_path / "tree", ["ulm_000003_000019"])
    trees.write_tree(tmp_path / "other", ["bonn_000001_000019"])
    split = root / "leftImg8bit" / "train"
    other = tmp_path / "other" / "leftImg8bit" / "train" / "bonn"
    (split / "bonn").symlink_to(other)
    (split / "ulm" / "loop").symlink_to(split)
    lost = split / "ulm" / "ulm_000004_000019_leftImg8bit.png"
    lost.symlink_to(tmp_path / "nowhere")
    assert [(file.stem, file.num_bytes > 0) for file in listed(root)] == [
        ("bonn_000001_000019", True),
        ("ulm_000003_000019", True),
        ("ulm_000004_000019", False),
    ]


def test_a_folder_that_cannot_be_read_is_not_passed_over(tmp_path, monkeypatch):
    root = trees.write_tree(tmp_path)
    scandir = os.scandir

    def fail_in_ulm(path):
        if str(path).endswith("ulm"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", fail_in_ulm)
    with pytest.raises(ConversionError, match="Permission denied: .*/ulm'"):
        listed(root)


@pytest.mark.parametrize("stem", [b"a\nb", b"a\\b", b"\xff"])
def test_a_name_that_no_record_can_bear_is_refused(tmp_path, stem):
    root = trees.write_tree(tmp_path, ["ulm_000003_000019"])
    folder = trees.image_path(root, "ulm_000003_000019").parent
    name = os.fsdecode(stem + b"_leftImg8bit.png")
    (folder / name).write_bytes(b"")
    (stray,) = strays(root)
    assert (stray.path, stray.reason) == (
        str(folder / name),
        "the name cannot be a frame's",
    )
