import pytest

from schemas.layouts.table import CITYSCAPES, LAYOUTS
from schemas.sources import misplaced

PICTURES, LABELS = (CITYSCAPES.place("val", i) for i in (False, True))


def ask(root, folders):
    """Asks about a root among folders with their names."""
    return misplaced.missing_places(
        root, (PICTURES, LABELS), "--root", lambda path: folders.get(path, [])
    )


BOTH = ["gtFine", "leftImg8bit"]


@pytest.mark.parametrize(
    "names", [BOTH, ["gtFine_x.zip", "leftImg8bit"], ["gtFine.ZIP", BOTH[1]]]
)
def test_nothing_is_said_where_all_is_there(names):
    assert ask("/data", {"/data": names}) == ""


def test_what_is_there_is_named_but_for_hidden_files():
    assert ask("/data", {"/data": [".git", "a", "b"]}) == (
        "/data holds neither leftImg8bit/ nor leftImg8bit*.zip and neither "
        "gtFine/ nor gtFine*.zip; found a, b. Put the zip leftImg8bit*.zip, "
        "or the folder leftImg8bit/ that it holds, into the folder that --root "
        "names."
    )


@pytest.mark.parametrize(
    ("root", "right"),
    [
        ("/d/leftImg8bit", "/d"),
        ("/d/gtFine/val", "/d"),
        ("/", "/d"),
        ("/x/", "/d"),
        ("d/gtFine", "d"),
        ("gtFine", "."),
    ],
)
def test_the_right_folder_is_named(root, right):
    folders = {"/": ["d", "x"], "/d": BOTH, "d": BOTH, ".": BOTH}
    assert ask(root, folders).endswith(f"Use --root={right}.")


def test_several_folders_that_fit_are_all_named():
    folders = {"/": ["a", "b", "c", "d"]}
    folders |= {f"/{name}": BOTH for name in "abcd"}
    assert ask("/x", folders).endswith(
        "Use --root=/a or --root=/b or --root=/c."
    )


def test_folders_of_splits_alone_tell_no_data_set():
    layout = LAYOUTS["mapillary"]
    places = [layout.place("train", i) for i in (False, True)]
    folders = {
        "/": ["other", "vistas"],
        "/other": ["training"],
        "/vistas": ["training"],
        "/vistas/training": ["images", "labels"],
    }
    said = misplaced.missing_places(
        "/x", places, "--root", lambda path: folders.get(path, [])
    )
    assert said == (
        "/x holds neither training/ nor mapillary*.zip; found nothing. Use "
        "--root=/vistas."
    )


def test_what_lies_apart_is_to_be_moved():
    folders = {"/": ["a", "b"], "/a": ["leftImg8bit"], "/b": ["gtFine.zip"]}
    for root in ("/", "/a", "/b"):
        assert ask(root, folders).endswith(
            "Move /b/gtFine.zip to /a/ and use --root=/a."
        )


def test_a_folder_where_one_may_not_look_holds_nothing():
    def names(path):
        if path == "/a":
            raise PermissionError(path)
        return {"/": ["a", "b"], "/b": BOTH}.get(path, [])

    said = misplaced.missing_places("/", (LABELS,), "--root", names)
    assert said.endswith("Use --root=/b.")


@pytest.mark.parametrize(
    ("splits", "files", "message"),
    [
        (
            [],
            [],
            r"gtFine/ has no splits. Unpack gtFine\*.zip again",
        ),
        (["test", "train"], [], "no split val, it has test, train. Unpack "),
        (["val"], ["u/u_gtFine_labelTrainIds.PNG"], "but no labelIds, which"),
        (["val"], ["u/x.txt"], r"named gtFine/val/\*\*/\*_gtFine_labelIds"),
    ],
)
def test_why_a_split_has_no_files(splits, files, message):
    said = misplaced.missing_files(LABELS, splits, files)
    with pytest.raises(ValueError, match=message):
        raise ValueError(said)
