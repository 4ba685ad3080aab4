import pytest

from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.sources import listing
from preprocess.sources import root as roots
from schemas.layouts.table import CITYSCAPES, CITYSCAPES_COARSE, LAYOUTS
from tests import trees

STEMS = trees.STEMS[:1]


def listings(root, layout=CITYSCAPES):
    return listing.list_split("train", Options(str(root), "", layout=layout))


def refusal(root, layout=CITYSCAPES):
    with pytest.raises(ConversionError) as caught:
        roots.check_root(listings(root, layout))
    return str(caught.value)


def test_what_is_there_is_enough(tmp_path):
    root = trees.write_tree(tmp_path, STEMS)
    roots.check_root(listings(root))


def test_what_was_looked_for_and_found_is_said(tmp_path):
    root = trees.write_tree(tmp_path, STEMS)
    (root / ".DS_Store").write_bytes(b"")
    assert refusal(root, CITYSCAPES_COARSE) == (
        f"{root} holds neither gtCoarse/ nor gtCoarse*.zip; found gtFine, "
        "leftImg8bit. Put the zip gtCoarse*.zip, or the folder gtCoarse/ "
        "that it holds, into the folder that --cityscapes_root names."
    )


@pytest.mark.parametrize("folder", ["leftImg8bit", "gtFine", "sub"])
def test_the_folder_above_or_below_is_named_where_all_is_there(
    tmp_path, folder
):
    root = trees.write_tree(tmp_path / "a", STEMS)
    (root / "sub").mkdir()
    assert refusal(root / folder).endswith(f"Use --cityscapes_root={root}.")
    assert refusal(tmp_path).endswith(f"Use --cityscapes_root={root}.")


def test_zips_in_a_folder_below_are_named(tmp_path):
    root = trees.write_tree(tmp_path / "a" / "b", STEMS)
    zips = trees.zip_tree(root, tmp_path / "zips")
    assert refusal(tmp_path).endswith(f"Use --cityscapes_root={zips}.")


def test_a_split_that_pairs_lack_is_not_taken_from_another(tmp_path):
    for path in ("images/train", "images/validation", "masks/train"):
        trees.write(tmp_path / path / "a.png", trees.png(trees.picture(1)))
    layout = roots.find_layout(str(tmp_path), LAYOUTS["pairs"], ("val",))
    options = Options(str(tmp_path), "", layout=layout)
    assert listing.why_no_files("val", options) == (
        "images/ has no split val, it has train, validation. Rename "
        "images/validation/ to images/val/ (of a zip, unpack it first), or, "
        "where these are no splits, give instead of --layout "
        "--image_pattern=images/{city}/{stem}.* and "
        "--label_pattern=masks/{city}/{stem}.png; or leave val out of --splits"
    )


BUCKET = "store://bucket"
MANY = 1001
"""More objects than a store gives with one answer."""


def names(split, kind, num=MANY):
    return {f"{kind}/{split}/ulm/{index:04d}.png": b"" for index in range(num)}


def test_what_lies_behind_many_objects_is_found(store):
    root = f"{BUCKET}/cs"
    store.fill(root, names("train", "gtFine") | names("train", "leftImg8bit"))
    store.fill(root, {"camera_trainvaltest.zip": b""})
    assert refusal(root, CITYSCAPES_COARSE) == (
        f"{root} holds neither gtCoarse/ nor gtCoarse*.zip; found "
        "camera_trainvaltest.zip, gtFine, leftImg8bit. Put the zip "
        "gtCoarse*.zip, or the folder gtCoarse/ that it holds, into the folder "
        "that --cityscapes_root names."
    )
    only_zips = names("train", "gtFine") | {"leftImg8bit_trainvaltest.zip": b""}
    store.reset()
    store.fill(root, only_zips)
    assert refusal(root, CITYSCAPES_COARSE).startswith(
        f"{root} holds neither gtCoarse/ nor gtCoarse*.zip; found gtFine, "
    )


def test_the_root_above_is_found_behind_many_objects(store):
    root = f"{BUCKET}/cs"
    store.fill(root, names("train", "gtFine") | names("train", "leftImg8bit"))
    store.fill(BUCKET, names("train", "backup", 3 * MANY))
    for below in ("leftImg8bit", "gtFine/train"):
        store.listed.clear()
        assert refusal(f"{root}/{below}").endswith(
            f"Use --cityscapes_root={root}."
        )
        assert f"{BUCKET}/backup/train/ulm/{MANY:04d}.png" not in store.listed


def test_all_splits_are_named_however_many_objects_they_hold(store):
    root = f"{BUCKET}/cs"
    for split in ("test", "train", "val"):
        store.fill(root, names(split, "leftImg8bit"))
    options = Options(root, "", ("train_extra",))
    assert listing.why_no_files("train_extra", options) == (
        "leftImg8bit/ has no split train_extra, it has test, train, val. "
        "Unpack leftImg8bit/train_extra/ there, or name one of these splits; "
        "or leave train_extra out of --splits"
    )
