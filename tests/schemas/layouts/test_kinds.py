import pytest

from schemas.layouts import filenames
from schemas.layouts.filenames import Stray
from schemas.layouts.table import CITYSCAPES, CITYSCAPES_COARSE

PICTURES = CITYSCAPES.place("val", False)
LABELS = CITYSCAPES.place("val", True)
STEM = "bad-honnef_000001_000318"


def test_a_place_says_where_its_files_lie():
    assert PICTURES.folder == "leftImg8bit/val"
    assert LABELS.wildcard == "gtFine/val/**/*_gtFine_labelIds.png"
    assert LABELS.expected(STEM) == (
        f"gtFine/val/bad-honnef/{STEM}_gtFine_labelIds.png"
    )
    coarse = CITYSCAPES_COARSE.place("train_extra", True)
    assert coarse.folder == "gtCoarse/train_extra"
    assert coarse.kind.ending == "_gtCoarse_labelIds.png"


@pytest.mark.parametrize(
    "below",
    [
        f"bad-honnef/{STEM}_leftImg8bit.png",
        f"{STEM}_leftImg8bit.png",
        f"a/b/c/{STEM}_leftImg8bit.png",
        f"bad-honnef/{STEM}_leftImg8bit.PNG",
        f"bad-honnef/{STEM}_LEFTIMG8BIT.png",
    ],
)
def test_a_frame_may_lie_in_any_folder_with_any_case(below):
    assert PICTURES.stem(below) == STEM


@pytest.mark.parametrize(
    "stem", ["0001", "a b", "ulm,1", "ulm_1_2", "[x]*?", "a%20#'", "日本"]
)
def test_a_frames_name_may_be_any(stem):
    assert PICTURES.stem(f"ulm/{stem}_leftImg8bit.png") == stem
    assert LABELS.stem(f"{stem}_gtFine_labelIds.png") == stem


@pytest.mark.parametrize(
    "below",
    [
        f"ulm/._{STEM}_leftImg8bit.png",
        ".DS_Store",
        "ulm/Thumbs.db",
        f"__MACOSX/ulm/{STEM}_leftImg8bit.png",
        f".git/{STEM}_leftImg8bit.png",
        "ulm/readme.txt",
        "ulm/_polygons.json",
    ],
)
def test_what_is_obviously_something_else_is_passed_over(below):
    for place in (PICTURES, LABELS):
        assert place.stem(below) is None
        assert place.complaint(below) == ""


@pytest.mark.parametrize(
    "name",
    [
        "holiday.png",
        "holiday.GIF",
        "_leftImg8bit.png",
        f"{STEM}_leftImg8bit.jpg",
        f"{STEM}_leftImg8bit.png.bak",
        f"{STEM}_leftImg8bit",
        f"{STEM}_leftImg8bit (1).png",
        f"{STEM}_gtFine_labelIds.png",
    ],
)
def test_what_looks_like_a_picture_is_complained_of(name):
    assert PICTURES.stem(f"ulm/{name}") is None
    assert PICTURES.complaint(f"ulm/{name}") == (
        "not named <city>_<sequence>_<frame>_leftImg8bit.png"
    )


@pytest.mark.parametrize(
    ("name", "is_complained_of"),
    [
        (f"{STEM}_gtFine_color.png", False),
        (f"{STEM}_gtFine_instanceIds.png", False),
        (f"{STEM}_gtFine_labelTrainIds.png", False),
        (f"{STEM}_gtFine_edge.png", False),
        (f"{STEM}_gtFine_polygons.json", False),
        (f"{STEM}_gtFine_labelIds.tif", True),
        (f"{STEM}_gtFine_labelIds.png.part", True),
        (f"{STEM}_labelIds.png", True),
        (f"{STEM}.png", True),
        (f"{STEM}_gtCoarse_labelIds.png", True),
    ],
)
def test_what_looks_like_a_label_map_is_complained_of(name, is_complained_of):
    assert LABELS.stem(name) is None
    assert bool(LABELS.complaint(name)) == is_complained_of


@pytest.mark.parametrize(
    "stem", ["a\nb", "\x1b[31m", "a\\b", "\udcff", "é" * 201]
)
def test_a_name_that_no_record_can_bear_is_complained_of(stem):
    below = f"ulm/{stem}_leftImg8bit.png"
    assert PICTURES.stem(below) is None
    assert PICTURES.complaint(below) == "the name cannot be a frame's"


@pytest.mark.parametrize("stem", ["_LABELIDS.PNG", "ulm_gtFine_color"])
def test_a_frames_picture_is_none_of_label_maps_whatever_its_stem(stem):
    name = f"{stem}_leftImg8bit.PNG"
    assert PICTURES.stem(name) == stem
    assert filenames.is_picture(name)


def test_letters_that_are_like_those_of_an_ending_are_others():
    name = f"{STEM}_left\u0130mg8bit.png"
    assert PICTURES.stem(name) is None
    assert filenames.picture_stem(name) == name.removesuffix(".png")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b.png", "a/b.png"),
        ("./a/b.png", "a/b.png"),
        ("a\\b.png", "a/b.png"),
        (".\\a\\\\b.png", "a/b.png"),
        ("/a/b.png", "a/b.png"),
        ("../a/b.png", "../a/b.png"),
    ],
)
def test_an_entrys_path_has_slashes(name, path):
    assert filenames.entry_path(name) == path


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("leftImg8bit/val/ulm/x.png", "ulm/x.png"),
        ("outer/leftImg8bit/val/x.png", "x.png"),
        ("leftImg8bit/val_extra/x.png", None),
        ("myleftImg8bit/val/x.png", None),
        ("__MACOSX/leftImg8bit/val/x.png", None),
        ("../leftImg8bit/val/x.png", "x.png"),
    ],
)
def test_a_zip_may_have_folders_above(path, below):
    assert PICTURES.below(path) == below


def test_the_splits_of_a_kind_are_its_folders():
    paths = ["gtFine/val/x", "o/gtFine/train/", "gtFine/README", ".x/gtFine/a/"]
    found = [LABELS.kind.split_of(path) for path in paths]
    assert found == ["val", "train", None, None]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("gtFine_trainvaltest.zip", True),
        ("gtFine.ZIP", True),
        ("._gtFine.zip", False),
        ("gtCoarse.zip", False),
        ("gtFine.zip.part", False),
    ],
)
def test_zips_of_a_kind_are_known_by_name(name, is_one):
    assert LABELS.is_zip_name(name) == is_one


def test_strays_are_counted_and_the_first_are_named():
    assert filenames.describe([]) == ""
    assert filenames.describe([Stray("a", "odd")]) == (
        "1 file is left out, first a: odd"
    )
    strays = [Stray(path, "odd") for path in "edcba"]
    assert filenames.describe(strays) == (
        "5 files are left out, first a: odd; b: odd; c: odd"
    )


def test_the_benchmarks_names_are_known():
    assert filenames.is_benchmark_name(STEM)
    assert not filenames.is_benchmark_name(f"{STEM}_x")
    assert filenames.benchmark_name(f"{STEM}_labelIds.png") == STEM
    assert filenames.benchmark_name("holiday.png") is None
