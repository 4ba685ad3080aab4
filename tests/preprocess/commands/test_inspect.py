"""What a conversion would find, said before it."""

import pytest

from preprocess import inspect
from tests import public_sets, trees


def run(capsys, root, *more):
    code = inspect.main(["inspect", f"--cityscapes_root={root}", *more])
    out, err = capsys.readouterr()
    return code, out, err


def test_splits_pictures_label_maps_and_ids_are_said(tmp_path, capsys):
    public_sets.WRITERS["camvid"](tmp_path)
    code, out, _ = run(capsys, tmp_path, "--layout=camvid")
    assert code == 0
    assert out.splitlines()[:5] == [
        "train: 1 pair",
        "  pictures: 1 of those read is PNG, 8-bit RGB, of 32x48",
        "  label maps: 1 of those read is 8-bit grey",
        "  ids: 0..11; the table of 11 classes knows 0..10, 11 of them "
        "evaluated",
        "  id 11 means no class",
    ]
    assert "val: 1 pair\n" in out and "test" not in out


def test_train_ids_are_known_as_such(tmp_path, capsys):
    public_sets.WRITERS["bdd100k"](tmp_path)
    code, out, _ = run(
        capsys, tmp_path, "--layout=bdd100k", "--labels=cityscapes"
    )
    assert code == 1
    assert (
        "0..1, 13, 18, 255: these look like train ids; add "
        "--labels=cityscapes_train_ids" in out
    )
    assert "holds id 255" in out
    code, out, _ = run(
        capsys,
        tmp_path,
        "--layout=bdd100k",
        "--labels=cityscapes_train_ids",
    )
    assert code == 0 and "look like" not in out


def test_what_has_no_partner_or_is_damaged_is_counted_and_named(
    tmp_path, capsys
):
    root = trees.write_tree(tmp_path, trees.STEMS[:3])
    trees.label_path(root, trees.STEMS[0]).unlink()
    damaged = trees.image_path(root, trees.STEMS[1])
    damaged.write_bytes(damaged.read_bytes()[:60])
    code, out, _ = run(capsys, root)
    assert code == 1
    assert "train: 2 pairs" in out
    assert f"1 would stop it, first {trees.STEMS[0]}: missing label" in out
    assert f"1 would stop it, first {damaged}: image is truncated" in out


def test_an_id_that_may_mean_no_class_is_said(tmp_path, capsys):
    root = trees.write_tree(tmp_path, trees.STEMS[:1])
    label = trees.label_map(1)
    label[0, 0] = 200
    trees.write(trees.label_path(root, trees.STEMS[0]), trees.png(label))
    _, out, _ = run(capsys, root)
    assert "if 200 alone means no class, add --ignore_id=200" in out


def test_no_other_table_is_suggested_where_one_of_their_own_is_given(
    tmp_path, capsys
):
    root = trees.write_tree(tmp_path, trees.STEMS[:1])
    label = trees.label_map(1) % 3
    label[0, 0] = 18
    trees.write(trees.label_path(root, trees.STEMS[0]), trees.png(label))
    table = tmp_path / "classes.csv"
    table.write_text("name,id\nground,0\nroad,1\nsky,2\n")
    _, out, _ = run(capsys, root, f"--labels={table}")
    assert (
        "\n  0..2, 18: if 18 alone means no class, add --ignore_id=18; else "
        f"complete the table that --labels={table} gives\n" in out
    )


def test_a_split_that_a_conversion_would_miss_is_said(tmp_path, capsys):
    root = trees.write_tree(tmp_path, trees.STEMS[:1])
    code, out, _ = run(capsys, root)
    assert code == 1 and "train: 1 pair\n" in out
    assert "\nval: none; " in out
    assert out.endswith("; or leave val out of --splits.\n")
    code, out, _ = run(capsys, root, "--splits=train")
    assert code == 0 and "\nval" not in out


def test_a_layout_without_val_says_how_to_draw_one(tmp_path, capsys):
    public_sets.WRITERS["kitti"](tmp_path)
    code, out, _ = run(capsys, tmp_path, "--layout=kitti")
    assert code == 1
    assert "val: none; layout kitti has no split val; draw one from" in out
    code, out, _ = run(capsys, tmp_path, "--layout=kitti", "--val_share=0.5")
    assert "draw one from" not in out


@pytest.mark.parametrize(
    ("flag", "code", "message"),
    [
        ("--layuot=kitti", 2, "unknown flag --layuot=kitti"),
        ("--layout=kitty", 2, "--layout"),
        ("--layout=camvid", 1, "holds neither train/ nor camvid*.zip"),
    ],
)
def test_what_cannot_be_inspected_is_one_line(
    tmp_path, capsys, flag, code, message
):
    found, _, err = run(capsys, tmp_path, flag)
    assert found == code
    assert err.count("\n") == 1 and message in err


def test_what_a_conversion_would_leave_out_does_not_stop_it(tmp_path, capsys):
    root = trees.write_tree(tmp_path, trees.STEMS[:3])
    trees.label_path(root, trees.STEMS[0]).unlink()
    flags_given = ("--splits=train", "--on_error=skip")
    code, out, _ = run(capsys, root, *flags_given)
    assert code == 0
    assert f"1 would be left out, first {trees.STEMS[0]}: missing" in out
    for stem in trees.STEMS[1:3]:
        trees.label_path(root, stem).unlink()
    code, out, _ = run(capsys, root, *flags_given)
    assert code == 1 and "3 would be left out" in out
