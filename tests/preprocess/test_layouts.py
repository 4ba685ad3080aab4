"""Conversions of every named layout, and of patterns."""

import dataclasses
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from preprocess import options as preprocess_options
from preprocess.commands.verify import verify
from preprocess.errors import ConversionError
from preprocess.options import Encoding
from schemas import manifest
from schemas.failures import FlagError
from schemas.labels import named
from schemas.layouts import table
from tests import public_sets, trees
from tests.preprocess.conversions import convert, records

SPLITS = ("train", "val")
FRAMES = {
    "cityscapes": (["aachen_000000_000019", "aachen_000001_000019"], ["bad-"]),
    "bdd100k": (["0004a4c0-d4dff0ad"], ["7d06fefd-1"]),
    "acdc": (["GOPR0475_frame_000041"], ["GOPR0400_frame_000041"]),
    "idd": (["0_frame0299", "119_frame0299"],) * 2,
    "mapillary": (["training-0RsSkJyA"], ["validation-0RsSkJyA"]),
    "camvid": (["0001TP_006690"], ["0016E5_07959"]),
}
FORMATS = {"bdd100k": "jpeg", "mapillary": "jpeg", "pairs": manifest.SEVERAL}
IDS = {  # of the first frame, as records hold them
    "kitti": [7, 8, 11, 26],
    "bdd100k": [0, 1, 13, 18, 255],
    "acdc": [0, 7, 23, 33],
    "idd": [0, 11, 34, 35, 255],
    "mapillary": [0, 13, 27, 64, 255],
    "camvid": [*range(11), 255],
    "pairs": [7, 8, 11],
}


def run(root, output, layout, splits=SPLITS, **options):
    layout = dataclasses.replace(
        table.LAYOUTS[layout] if isinstance(layout, str) else layout,
        val_share=options.pop("share", 0.0),
    )
    encoding = Encoding(labels=named.table(layout.table))
    made = {"layout": layout, "encoding": encoding} | options
    convert(root, output, splits=splits, num_shards=1, workers=1, **made)
    content = manifest.load(str(output), lambda path: open(path).read())
    return content, {split: records(output, split) for split in splits}


@pytest.mark.parametrize("name", table.LAYOUTS)
def test_every_layout_converts_and_verifies(name, tmp_path):
    root, output = tmp_path / name, tmp_path / "out"
    public_sets.WRITERS[name](root)
    share = 0.4 if table.LAYOUTS[name].is_drawn or name == "pairs" else 0.0
    content, found = run(root, output, name, share=share)
    assert verify(str(output)) == []
    assert content.image_format == FORMATS.get(name, "png")
    if name in FRAMES:
        for split, wanted in zip(SPLITS, FRAMES[name], strict=True):
            names = sorted(record.name for record in found[split])
            assert len(names) == len(wanted)
            for one, start in zip(names, wanted, strict=True):
                assert one.startswith(start)
    if name in IDS:
        label = Image.open(io.BytesIO(found["train"][0].label))
        assert np.unique(np.asarray(label)).tolist() == IDS[name]
    is_cityscapes = content.labels == named.table("cityscapes")
    assert is_cityscapes == (table.LAYOUTS[name].table == "cityscapes")


def test_cityscapes_options_name_no_layout(tmp_path):
    root = trees.write_tree(tmp_path / "tree", trees.STEMS[:1])
    content, _ = run(root, tmp_path / "out", "cityscapes", ("train",))
    assert content.options["annotation"] == "gtFine"
    assert "layout" not in content.options


def test_jpegs_pass_through_byte_for_byte(tmp_path):
    root = tmp_path / "bdd"
    public_sets.WRITERS["bdd100k"](root)
    _, found = run(root, tmp_path / "out", "bdd100k")
    (record,) = found["val"]
    (source,) = (root / "images" / "10k" / "val").iterdir()
    assert record.image == source.read_bytes()
    assert (record.image_format, record.height, record.width) == (
        "jpeg",
        *public_sets.SIZE,
    )


def test_the_share_of_val_is_stable_and_disjoint(tmp_path):
    root = tmp_path / "pairs"
    public_sets.WRITERS["pairs"](root)
    content, found = run(root, tmp_path / "a", "pairs", share=0.3)
    names = {s: {r.name for r in found[s]} for s in SPLITS}
    assert len(names["train"]) + len(names["val"]) == 10
    assert names["val"] and not names["train"] & names["val"]
    assert content.options["layout"] == {
        "name": "pairs",
        "image_pattern": "images/{city}/{stem}.*",
        "label_pattern": "masks/{city}/{stem}.png",
        "val_share": 0.3,
    }
    trees.write(root / "images/new.jpg", public_sets.jpeg(trees.picture(99)))
    trees.write(root / "masks/new.png", trees.png(trees.label_map(99)))
    _, more = run(root, tmp_path / "b", "pairs", share=0.3)
    for split in SPLITS:
        assert names[split] == {r.name for r in more[split]} - {"new"}


@pytest.mark.parametrize("folders", ["{kind}/{split}", "{split}/{kind}"])
def test_pairs_may_have_folders_of_splits(folders, tmp_path):
    root = tmp_path / "pairs"
    for split in SPLITS:
        for kind, suffix in (("images", "png"), ("masks", "png")):
            draw = trees.picture if kind == "images" else trees.label_map
            folder = folders.format(kind=kind, split=split)
            path = root / folder / f"a.{suffix}"
            trees.write(path, trees.png(draw(1)))
    _, found = run(root, tmp_path / "out", "pairs")
    assert [r.name for s in SPLITS for r in found[s]] == ["a", "a"]
    with pytest.raises(FlagError, match=r"--val_share=0.1 draws val from"):
        run(root, tmp_path / "more", "pairs", share=0.1)


def write_pairs(root, folders, split):
    """Writes a pair into the folders of a split of any name."""
    for kind, draw in (("images", trees.picture), ("masks", trees.label_map)):
        folder = root / folders.format(kind=kind, split=split)
        trees.write(folder / f"{split}.png", trees.png(draw(1)))


@pytest.mark.parametrize("folders", ["{kind}/{split}", "{split}/{kind}"])
def test_folders_that_are_named_nearly_as_splits_are_no_cities(
    folders, tmp_path
):
    root, output = tmp_path / "pairs", tmp_path / "out"
    for split in ("training", "validation"):
        write_pairs(root, folders, split)
    with pytest.raises(FlagError, match=r"--val_share=0.1 draws val from"):
        run(root, output, "pairs", share=0.1)
    for _ in range(4 if folders.endswith("{split}") else 2):
        with pytest.raises(ConversionError) as caught:
            run(root, output, "pairs")
        renamed = re.search(r"Rename (\S+) to (\S+) \(of", str(caught.value))
        (root / renamed[1]).rename(root / renamed[2])
    _, found = run(root, output, "pairs")
    assert [[r.name for r in found[split]] for split in SPLITS] == [
        ["training"],
        ["validation"],
    ]


def test_cities_that_are_named_as_splits_are_read_by_patterns(tmp_path):
    root, output = tmp_path / "pairs", tmp_path / "out"
    for city in ("ulm", "testing"):
        write_pairs(root, "{kind}/{split}", city)
    with pytest.raises(ConversionError) as caught:
        run(root, output, "pairs", ("train",))
    patterns = re.search(
        r"give instead of --layout --image_pattern=(\S+) and "
        r"--label_pattern=(\S+);",
        str(caught.value),
    )
    layout = table.by_patterns(*patterns.groups())
    _, found = run(root, output, layout, ("train",))
    assert sorted(r.name for r in found["train"]) == [
        "testing_testing",
        "ulm_ulm",
    ]


def test_a_users_patterns_pair_by_what_their_fields_match(tmp_path):
    for city in ("ulm", "jena/2"):
        for kind, draw in (("rgb", trees.picture), ("ids", trees.label_map)):
            path = tmp_path / "in" / f"{city}/train_{kind}/1-{kind}.png"
            trees.write(path, trees.png(draw(1)))
    layout = table.by_patterns(
        "{city}/{split}_rgb/{stem}-rgb.png", "{city}/{split}_ids/{stem}-ids.png"
    )
    _, found = run(tmp_path / "in", tmp_path / "out", layout, ("train",))
    assert sorted(r.name for r in found["train"]) == ["jena_2_1", "ulm_1"]
    odd = tmp_path / "in" / "bonn/train_rgb/1-rgb.png"
    trees.write(odd, trees.png(trees.picture(1)))
    with pytest.raises(
        ConversionError, match=f"bonn/1: missing label for {odd}"
    ):
        run(tmp_path / "in", tmp_path / "b", layout, ("train",))


def test_frames_of_one_name_are_an_error_that_names_both(tmp_path):
    root = tmp_path / "pairs"
    for place in ("a/b_c", "a_b/c"):
        trees.write(
            root / "images" / f"{place}.png", trees.png(trees.picture(1))
        )
        trees.write(
            root / "masks" / f"{place}.png", trees.png(trees.label_map(1))
        )
    with pytest.raises(
        ConversionError,
        match=r"duplicate frame: .*images/a/b_c\.png and .*a_b/c\.png",
    ):
        run(root, tmp_path / "out", "pairs", ("train",))


def test_a_split_that_a_layout_lacks_is_said(tmp_path):
    root = tmp_path / "kitti"
    public_sets.WRITERS["kitti"](root)
    with pytest.raises(FlagError, match=r"kitti has no split val; .*_share=0"):
        run(root, tmp_path / "out", "kitti")
    with pytest.raises(FlagError, match="kitti has no split train_extra"):
        run(root, tmp_path / "out", "kitti", ("train_extra",))
    _, found = run(root, tmp_path / "out", "kitti", ("train", "test"))
    assert [len(found[split]) for split in ("train", "test")] == [8, 8]


@pytest.mark.parametrize(("share", "split"), [(1.0, "train"), (1e-6, "val")])
def test_a_share_that_leaves_a_split_nothing_is_said(tmp_path, share, split):
    public_sets.WRITERS["kitti"](tmp_path / "kitti")
    with pytest.raises(
        ConversionError,
        match=f"split {split} has no frames in .*: --val_share={share} leaves "
        "it none of 8. Give another share; or leave",
    ):
        run(tmp_path / "kitti", tmp_path / "out", "kitti", share=share)


def test_coarse_label_maps_are_of_cityscapes_with_a_share_of_val_too():
    layout = preprocess_options.parse_layout(None, "gtCoarse", None, None, 0.1)
    assert layout == dataclasses.replace(table.CITYSCAPES_COARSE, val_share=0.1)


def test_strays_and_orphans_of_a_layout_stop_it_or_are_listed(tmp_path):
    root, output = tmp_path / "bdd", tmp_path / "out"
    public_sets.WRITERS["bdd100k"](root)
    folder = root / "images" / "10k" / "val"
    trees.write(folder / "holiday.webp", b"?")
    trees.write(folder / "._x.jpg", b"?")
    trees.write(folder / "lost.jpg", public_sets.jpeg(trees.picture(1)))
    with pytest.raises(ConversionError, match="2 frames are not complete"):
        run(root, output, "bdd100k")
    run(root, output, "bdd100k", on_error="skip")
    lines = (output / "skipped.jsonl").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in lines] == [
        f"not taken: {folder / 'holiday.webp'} is not named <name>.jpg",
        f"missing label for {folder / 'lost.jpg'}",
    ]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-2], "image is truncated at byte"),
        (lambda data: data[:30], "image is truncated at byte 30"),
        (lambda data: b"?" + data, "image is not a PNG"),
    ],
)
def test_a_damaged_jpeg_is_named(damage, message, tmp_path):
    root = tmp_path / "bdd"
    public_sets.WRITERS["bdd100k"](root)
    (path,) = (root / "images" / "10k" / "val").iterdir()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ConversionError, match=f"{path}: {message}"):
        run(root, tmp_path / "out", "bdd100k", ("val",))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("kitti", "gtFine", "a/{stem}.png", "b/{stem}.png"), "without --lay"),
        ((None, "gtFine", "a/{stem}.png", None), "given together"),
        (("kitti", "gtCoarse", None, None), "of --layout=cityscapes alone"),
        (
            (None, "gtFine", "a/{name}.png", "b/{stem}.png"),
            "{name} is no field",
        ),
        ((None, "gtFine", "a/x.png", "b/{stem}.png"), "{stem} once"),
        ((None, "gtFine", "a/{stem}.gif", "b/{stem}.png"), "should end with"),
        ((None, "gtFine", "a/{stem}.png", "b/{stem}.jpg"), "should end with"),
        ((None, "gtFine", "/a/{stem}.png", "b/{stem}.png"), "below the root"),
        ((None, "gtFine", "a/*/{stem}.png", "b/{stem}.png"), "as the folder"),
        ((None, "gtFine", "{city}/{stem}.png", "{stem}.png"), "have {city}"),
        ((None, "gtFine", "{stem}.png", "{stem}.png"), "another than"),
    ],
)
def test_a_layout_that_means_nothing_is_one_line(flags, message):
    with pytest.raises(FlagError) as caught:
        preprocess_options.parse_layout(*flags, None)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
