import pytest

from schemas.layouts.table import LAYOUTS
from tests import trees
from trainer.data import found_files


@pytest.fixture
def tree(tmp_path):
    return trees.write_tree(tmp_path / "tree", split="val")


@pytest.fixture
def zips(tree, tmp_path):
    return trees.zip_tree(tree, tmp_path / "zips")


@pytest.mark.parametrize("is_label", [False, True])
def test_folders_and_zips_hold_the_same_frames(tree, zips, is_label):
    place = (trees.image_path, trees.label_path)[is_label]
    wanted = {s: place(tree, s, "val").read_bytes() for s in trees.STEMS}
    listed = ",".join(map(str, zips.iterdir()))
    for source in (str(tree), str(zips), listed):
        assert found_files.is_source(source, "val")
        found = found_files.find(source, "val", is_label)
        assert list(found.files) == sorted(trees.STEMS)
        assert not found.strays
        contents = {stem: file.read() for stem, file in found.files.items()}
        assert contents == wanted


def test_deeplabs_names_of_splits_are_known(tree):
    found = found_files.find(str(tree), "val_fine", is_label=True)
    assert len(found.files) == 6


def test_a_folder_wins_over_the_zip_beside_it(tree, zips):
    for path in zips.iterdir():
        path.rename(tree / path.name)
    trees.label_path(tree, trees.STEMS[0], "val").unlink()
    found = found_files.find(str(tree), "val", is_label=True)
    assert sorted(found.files) == sorted(trees.STEMS[1:])


def test_a_frame_in_two_zips_is_refused(zips):
    path = zips / "gtFine_trainvaltest.zip"
    (zips / "gtFine_again.zip").write_bytes(path.read_bytes())
    with pytest.raises(
        ValueError, match=rf"{trees.STEMS[0]} twice: .*_again\.zip/gtFine/val"
    ):
        found_files.find(str(zips), "val", is_label=True)


def test_records_and_empty_folders_are_no_source(tmp_path):
    assert not found_files.is_source(str(tmp_path), "val")
    assert not found_files.is_source(str(tmp_path / "nowhere"), "val")


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (
            "tree",
            FileNotFoundError,
            r"no gtFine/test/\*\*/\*_gtFine_.* no split test, it has val",
        ),
        ("nowhere.zip", FileNotFoundError, "neither a folder nor a zip"),
        ("bad.zip", ValueError, r"bad\.zip is not a complete zip archive, "),
    ],
)
def test_what_is_not_there_is_said(tree, tmp_path, source, error, message):
    (tmp_path / "bad.zip").write_text("no zip")
    with pytest.raises(error, match=message):
        found_files.find(str(tmp_path / source), "test", is_label=True)


def test_a_damaged_part_of_a_zip_is_named(zips):
    path = zips / "gtFine_trainvaltest.zip"
    content = bytearray(path.read_bytes())
    content[content.index(b"_gtFine_labelIds.png") + 40] ^= 255
    path.write_bytes(content)
    with pytest.raises(ValueError, match="cannot be unpacked"):
        for file in found_files.find(
            str(zips), "val", is_label=True
        ).files.values():
            file.read()


def test_a_split_that_pairs_lack_is_not_taken_from_another(tmp_path):
    for folder in ("images/training", "masks/training"):
        trees.write(tmp_path / folder / "a.png", trees.png(trees.picture(1)))
    with pytest.raises(
        FileNotFoundError,
        match="masks/ has no split train, it has training. Rename "
        r"masks/training/ to masks/train/ \(of a zip, unpack it first\)",
    ):
        found_files.find(str(tmp_path), "train", True, LAYOUTS["pairs"])
