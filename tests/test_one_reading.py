"""Conversion and trainer find the same frames, whatever a tree looks like."""

import dataclasses
import pathlib
import zipfile

import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from preprocess.options import Options
from preprocess.pipeline import job
from preprocess.sources import listing, pairing, source_files
from preprocess.sources import root as roots
from preprocess.sources.source_files import SourceFile
from schemas.labels import named
from schemas.layouts import table
from tests import public_sets, trees
from trainer.config.data import DataConfig
from trainer.data import frames
from trainer.storage import image_files

STEMS = (
    "ulm_000000_000019",  # plain
    "bad-honnef_000001_000318",  # a hyphen
    "0001",  # no city, in no folder
    "ulm_7_x",  # not six digits twice
    "ulm,[2]*?#%'_1",  # what looks like a pattern
    "aachen_000002_000019",  # upper-case suffixes
    "bonn_000003_000019",  # in a linked folder
    "koeln_000004_000019",  # two linked files
    "jena_000005_000019",  # three folders down
)
DRAWN = ("kitti", "pairs")
KINDS = (trees.image_path, trees.label_path)


@pytest.fixture
def root(tmp_path):
    """A tree that has everything odd together."""
    root = tmp_path / "data [v2], 'x'"
    for seed, stem in enumerate(STEMS):
        write_frame(root, seed, stem)
    for place in KINDS:
        odd = place(root, "0001", "val")
        odd.rename(odd.parent.parent / odd.name)
        upper = place(root, "aachen_000002_000019", "val")
        upper.rename(upper.with_suffix(".PNG"))
        city = place(root, "bonn_000003_000019", "val").parent
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        away = tmp_path / "elsewhere" / place.__name__
        city.rename(away)
        city.symlink_to(away)
        file = place(root, "koeln_000004_000019", "val")
        stored = tmp_path / "elsewhere" / file.name
        file.rename(stored)
        file.symlink_to(stored)
        deep = place(root, "jena_000005_000019", "val")
        target = deep.parent / "a" / "b" / deep.name
        target.parent.mkdir(parents=True)
        deep.rename(target)
        hidden = place(root, STEMS[0], "val")
        trees.write(hidden.with_name(f"._{hidden.name}"), b"\0\5\x16\7")
        trees.write(hidden.with_name(".DS_Store"), b"")
        trees.write(hidden.parent / "__MACOSX" / hidden.name, b"?")
        trees.write(hidden.parent / ".trash" / hidden.name, b"?")
        trees.write(hidden.with_name("Thumbs.db"), b"?")
        (hidden.parent / "loop").symlink_to(hidden.parent.parent)
    sibling = trees.label_path(root, STEMS[0], "val")
    color = sibling.with_name(sibling.name.replace("labelIds", "color"))
    trees.write(color, b"?")
    return root


def write_frame(root, seed, stem):
    image, label = trees.picture(seed), trees.label_map(seed)
    trees.write(trees.image_path(root, stem, "val"), trees.png(image))
    trees.write(trees.label_path(root, stem, "val"), trees.png(label))


def truths():
    return {stem: trees.label_map(seed) for seed, stem in enumerate(STEMS)}


def pack(root, target, name=lambda path: path, suffix=".zip"):
    """Packs a tree with links followed, its names written by `name`."""
    target.mkdir()
    for kind in ("leftImg8bit", "gtFine"):
        files = [
            file
            for file in source_files.files.list_below(str(root / kind))
            if pathlib.Path(file.path).is_file()
        ]
        with zipfile.ZipFile(target / f"{kind}_x{suffix}", "w") as archive:
            for file in files:
                relative = pathlib.Path(file.path).relative_to(root)
                content = pathlib.Path(file.path).read_bytes()
                archive.writestr(name(relative.as_posix()), content)
    return target


def converted(root):
    options = Options(str(root), "/nowhere", splits=("val",))
    found = [
        file
        for kind in listing.list_split("val", options)
        for file in source_files.list_files(kind)
    ]
    files = [file for file in found if isinstance(file, SourceFile)]
    assert files == found
    pairs, problems = pairing.pair("val", files, with_labels=True)
    assert problems == []
    return {pair.name: source_files.read(pair.label.path) for pair in pairs}


def evaluated(root):
    opened = frames.open_frames(DataConfig(str(root)))
    assert opened.left_out == ""
    return {frame.name: frame.truth_ids for frame in opened.read()}


def check_one_reading(root, inputs):
    labels = converted(root)
    assert labels.keys() == set(STEMS)
    assert labels == {
        stem: trees.png(label) for stem, label in truths().items()
    }
    scored = evaluated(root)
    assert scored.keys() == set(STEMS)
    for stem, label in truths().items():
        np.testing.assert_array_equal(scored[stem], label)
    predicted = image_files.find_pictures(str(inputs)).paths
    assert sorted(map(image_files.stem, predicted)) == sorted(STEMS)


def test_a_tree_is_read_alike(root):
    check_one_reading(root, root)
    check_one_reading(root, root / "leftImg8bit" / "val")


@pytest.mark.parametrize(
    "name",
    [
        lambda path: path,
        lambda path: f"./{path}",
        lambda path: path.replace("/", "\\"),
        lambda path: f"outer/{path}",
    ],
    ids=["plain", "dot-slash", "backslash", "outer folder"],
)
@pytest.mark.parametrize("suffix", [".zip", ".ZIP"])
def test_zips_are_read_alike(root, tmp_path, name, suffix):
    zips = pack(root, tmp_path / "zips, [1]", name, suffix)
    check_one_reading(zips, zips / f"leftImg8bit_x{suffix}")


def test_zips_may_be_named_with_a_comma_between_them(root, tmp_path):
    zips = pack(root, tmp_path / "zips, [1]")
    named = ",".join(str(path) for path in zips.iterdir())
    assert evaluated(named).keys() == set(STEMS)


def test_records_tree_and_zips_give_the_same_frames(root, tmp_path):
    zips = pack(root, tmp_path / "zips")
    records = []
    for source, name in ((root, "from tree [1]"), (zips, "from zips, [2]")):
        output = tmp_path / name
        job.run(
            Options(str(source), str(output), splits=("val",), num_shards=2),
            PipelineOptions([]),
            num_workers=1,
        )
        records.append(output)
    wanted = {frame.name: frame for frame in read(root)}
    assert wanted.keys() == set(STEMS)
    for source in (zips, *records):
        found = {frame.name: frame for frame in read(source)}
        assert found.keys() == wanted.keys()
        for name, frame in found.items():
            np.testing.assert_array_equal(frame.image, wanted[name].image)
            np.testing.assert_array_equal(
                frame.truth_ids, wanted[name].truth_ids
            )
    one, other = ([p.read_bytes() for p in shards(r)] for r in records)
    assert one == other


def pack_layout(root, target, layout):
    """Packs a tree as a set is downloaded: in one zip, or one of each kind."""
    target.mkdir()
    for is_label in (False, True):
        place = layout.place("val", is_label)
        begin = place.kind.zip_begin
        with zipfile.ZipFile(target / f"{begin}_x.zip", "w") as archive:
            for path, content in trees.contents(root).items():
                if path.startswith(begin) or place.top != begin:
                    archive.writestr(path, content)
    return target


@pytest.mark.parametrize("is_packed", [False, True], ids=["tree", "zips"])
@pytest.mark.parametrize("name", table.LAYOUTS)
def test_every_layout_is_read_alike(name, is_packed, tmp_path):
    public_sets.WRITERS[name](tmp_path / "tree")
    root = tmp_path / "tree"
    if is_packed:
        root = pack_layout(root, tmp_path / "zips", table.LAYOUTS[name])
    layout = dataclasses.replace(table.LAYOUTS[name], val_share=0.4)
    opened = frames.open_frames(
        DataConfig(str(root)), None, named.table(layout.table), layout
    )
    options = Options(
        str(root),
        "/nowhere",
        splits=("val",),
        layout=roots.find_layout(
            str(root),
            layout if name in DRAWN else table.LAYOUTS[name],
            ("val",),
        ),
    )
    wanted = {frame.name for frame in listing.list_frames("val", options)}
    assert {frame.name for frame in opened.read()} == wanted != set()
    assert opened.left_out == ""


def read(source):
    return frames.open_frames(DataConfig(str(source))).read()


def shards(folder):
    return sorted(folder.glob("*.tfrecord"))


def test_what_is_left_out_is_named_by_both(root):
    folder = trees.image_path(root, STEMS[0], "val").parent
    odd = folder / "ulm_000009_000019_leftImg8bit.jpg"
    trees.write(odd, b"?")
    reason = "not named <city>_<sequence>_<frame>_leftImg8bit.png"
    options = Options(str(root), "/nowhere", splits=("val",))
    pictures, _ = listing.list_split("val", options)
    strays = [
        file
        for file in source_files.list_files(pictures)
        if not isinstance(file, SourceFile)
    ]
    assert [(stray.path, stray.reason) for stray in strays] == [
        (str(odd), reason)
    ]
    opened = frames.open_frames(DataConfig(str(root)))
    assert opened.num_frames == len(STEMS)
    assert opened.left_out == f"1 file is left out, first {odd}: {reason}"
