"""Tests the conversion benchmark: its trees, its baselines, its command."""

import json
import sys
import zipfile

import pytest

from benchmarks import convert
from benchmarks.contenders import builder_deeplab2
from benchmarks.harness import trees
from schemas import example
from schemas.shards import tfrecord
from tests.commands import is_one_line, run
from tests.trees import STEMS, image_path, label_path, write_tree

TFDS = "TFDS Cityscapes builder, from zips"


def _records(folder):
    found = {}
    for path in sorted(folder.glob("train*.tfrecord*")):
        with open(path, "rb") as file:
            for _, payload in tfrecord.read_records(file):
                record = example.decode(payload)
                assert record.name not in found
                found[record.name] = record
    return found


def _expected(root):
    return {
        stem: example.Record(
            stem,
            image_path(root, stem).read_bytes(),
            "png",
            label_path(root, stem).read_bytes(),
            16,
            32,
        )
        for stem in STEMS
    }


def test_pairs_are_the_first_by_name(tmp_path):
    root = str(write_tree(tmp_path))
    assert trees.find_pairs(root, 2) == [
        (str(image_path(root, stem)), str(label_path(root, stem)))
        for stem in STEMS[:2]
    ]


def test_a_root_without_pictures_or_label_maps_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no .*leftImg8bit"):
        trees.find_pairs(str(tmp_path), 2)
    root = write_tree(tmp_path)
    label_path(root, STEMS[1]).unlink()
    with pytest.raises(FileNotFoundError, match="1 of 3 .* first .*_labelIds"):
        trees.find_pairs(str(root), 3)


def test_a_linked_tree_repeats_the_pairs_under_distinct_names(tmp_path):
    root = write_tree(tmp_path / "root")
    pairs = trees.find_pairs(str(root), 2)
    trees.link_tree(pairs, str(tmp_path / "linked"), "val", 5)
    linked = sorted((tmp_path / "linked").rglob("*.png"))
    names = [path.name for path in linked]
    assert names == [
        f"benchmark_{index:06d}_000019_{kind}.png"
        for kind in ("gtFine_labelIds", "leftImg8bit")
        for index in range(5)
    ]
    third = tmp_path / "linked/leftImg8bit/val/benchmark" / names[7]
    assert third.read_bytes() == image_path(root, STEMS[0]).read_bytes()


def test_zips_hold_the_tree_under_the_official_names(tmp_path):
    root = write_tree(tmp_path / "root", STEMS[:1])
    trees.write_zips(str(root), str(tmp_path / "zips"))
    stem = STEMS[0]
    for name, path in (
        ("leftImg8bit", image_path(root, stem)),
        ("gtFine", label_path(root, stem)),
    ):
        with zipfile.ZipFile(
            tmp_path / "zips" / f"{name}_trainvaltest.zip"
        ) as archive:
            entry = str(path.relative_to(root))
            assert archive.namelist() == [entry]
            assert archive.read(entry) == path.read_bytes()


def test_deeplab2s_way_writes_every_pair_once(tmp_path):
    root = write_tree(tmp_path / "root")
    builder_deeplab2.build(str(root), str(tmp_path / "out"))
    assert len(list((tmp_path / "out").iterdir())) == 10
    assert _records(tmp_path / "out") == _expected(root)


def test_beams_own_writer_writes_every_pair_once(tmp_path):
    root = write_tree(tmp_path / "root")
    out = tmp_path / "out"
    done = run("benchmarks.contenders.builder_beam", str(root), str(out), "2")
    assert done.returncode == 0, done.stderr
    assert _records(out) == _expected(root)


@pytest.mark.slow
def test_the_benchmark_measures_every_contender_but_those_without_a_python(
    tmp_path,
):
    root = write_tree(tmp_path / "root", STEMS[:4])
    path = tmp_path / "figures.json"
    done = run(
        "benchmarks.convert",
        "--rounds=1",
        f"--json={path}",
        f"--cityscapes_root={root}",
        f"--work_dir={tmp_path}",
    )
    assert done.returncode == 0, done.stderr
    content = json.loads(path.read_text())
    measured = {row["name"]: row["median"] for row in content["rows"]}
    assert len(measured) == 13
    assert measured.pop("preprocess.main of --baseline") is None
    assert measured.pop(TFDS) is None
    assert measured.pop(f"{TFDS}, ten times the pairs") is None
    assert all(value > 0 for value in measured.values())
    assert "not measured: no --tfds_python was given" in done.stdout
    assert content["ratios"][f"preprocess.main, from zips / {TFDS}"] is None
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "figures.json",
        "root",
    ]


def test_a_root_without_pairs_is_one_line(tmp_path):
    done = run("benchmarks.convert", f"--cityscapes_root={tmp_path}")
    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert "there is no" in done.stderr


def test_a_baseline_runs_in_an_environment_of_its_own(
    tmp_path, monkeypatch, capsys
):
    checkout = tmp_path / "checkout"
    argv = ["convert", f"--baseline={checkout}"]
    monkeypatch.setattr(sys, "argv", argv)
    python = checkout / ".venv" / "bin" / "python"
    extension = checkout / "preprocess" / "records" / "png_rows.cpython-311.so"
    for path, lack in (
        (python, "no environment .venv; run `make install` there"),
        (extension, "no compiled png_rows; run `make install` there"),
    ):
        with pytest.raises(SystemExit, match="2"):
            convert._parse_flags()
        error = capsys.readouterr().err
        assert lack in error and is_one_line(error)
        path.parent.mkdir(parents=True)
        path.touch()
    baseline = convert._parse_flags().baseline
    command = convert._baseline(baseline, "few", 2).command
    assert command[:5] == (
        *("env", "-C", str(checkout)),
        *(str(python), "-m"),
    )


def test_an_unknown_flag_is_one_line():
    done = run("benchmarks.convert", "--round=3")
    assert done.returncode == 2
    assert is_one_line(done.stderr)
