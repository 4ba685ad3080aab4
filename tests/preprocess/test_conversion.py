"""The Beam job on tiny trees, run in this process."""

import dataclasses
import io
import json

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from PIL import Image

from preprocess.commands import verify
from preprocess.errors import ConversionError
from preprocess.options import Encoding, Options
from preprocess.output import existing
from preprocess.pipeline import (
    commit_manifest,
    find_frames,
    job,
    rows,
    take_stock,
)
from preprocess.records import shard_writer
from preprocess.sources import listing, pairing, source_files
from schemas import manifest
from schemas.labels import files
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import ignoring
from schemas.layouts.table import CITYSCAPES_COARSE
from tests import odd_pngs, trees
from tests.preprocess.conversions import convert, records


def test_each_frame_becomes_one_record_with_its_own_label(root, tmp_path):
    outcome = convert(root, tmp_path / "out", num_shards=3)
    found = {record.name: record for record in records(tmp_path / "out")}
    assert sorted(found) == sorted(trees.STEMS)
    for stem, record in found.items():
        assert record.image == trees.image_path(root, stem).read_bytes()
        assert record.label == trees.label_path(root, stem).read_bytes()
    split = outcome.content.splits["train"]
    assert split.num_examples == 6
    assert len(split.shards) == 3
    assert sum(split.class_pixels) == 6 * 16 * 32
    assert split.image_sizes == {"16x32": 6}


def test_a_missing_file_is_an_error_and_shifts_no_pair(root, tmp_path):
    """F1 of the recipe: it pairs by position in two listings."""
    trees.label_path(root, trees.STEMS[1]).unlink()
    trees.image_path(root, trees.STEMS[4]).unlink()
    with pytest.raises(ConversionError) as caught:
        convert(root, tmp_path / "out")
    assert str(caught.value).startswith(
        f"2 frames are not complete, first {trees.STEMS[1]}: missing label for "
    )
    assert not list((tmp_path / "out").glob("*.tfrecord"))
    outcome = convert(root, tmp_path / "out", on_error="skip")
    assert outcome.content.splits["train"].num_examples == 4
    for record in records(tmp_path / "out"):
        label = trees.label_path(root, record.name).read_bytes()
        assert record.label == label


def test_skipped_frames_are_all_named_with_their_reasons(root, tmp_path):
    trees.label_path(root, trees.STEMS[0]).unlink()
    cut = trees.image_path(root, trees.STEMS[1])
    cut.write_bytes(cut.read_bytes()[:-7])
    trees.label_path(root, trees.STEMS[2]).write_bytes(b"")
    folder = trees.image_path(root, trees.STEMS[3])
    folder.unlink()
    folder.mkdir()
    outcome = convert(root, tmp_path / "out", on_error="skip")
    split = outcome.content.splits["train"]
    assert (split.num_examples, split.num_skipped) == (2, 4)
    lines = (tmp_path / "out" / "skipped.jsonl").read_text().splitlines()
    reasons = {f["name"]: f["reason"] for f in map(json.loads, lines)}
    assert reasons[trees.STEMS[0]].startswith("missing label for ")
    assert reasons[trees.STEMS[1]].startswith("image is truncated at byte")
    assert reasons[trees.STEMS[1]].endswith(f": {cut}")
    assert reasons[trees.STEMS[2]].startswith("empty file: ")
    assert reasons[trees.STEMS[3]] == f"{folder} is a folder, not a file"


def test_a_bad_file_stops_the_job_naming_it(root, tmp_path):
    path = trees.label_path(root, trees.STEMS[2])
    path.write_bytes(trees.png(trees.label_map(0) + 100))
    with pytest.raises(ConversionError, match=f"^{path}: label holds id 100"):
        convert(root, tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_broken_pixel_stream_stops_the_job_or_is_left_out(root, tmp_path):
    path = trees.image_path(root, trees.STEMS[2])
    path.write_bytes(odd_pngs.broken(trees.picture(2))["flip"])
    with pytest.raises(ConversionError, match=f"^{path}: image cannot be dec"):
        convert(root, tmp_path / "out")
    outcome = convert(root, tmp_path / "out", on_error="skip")
    (line,) = (tmp_path / "out" / "skipped.jsonl").read_text().splitlines()
    assert json.loads(line)["name"] == trees.STEMS[2]
    assert outcome.content.splits["train"].num_examples == 5


def test_options_that_came_later_are_named_where_they_are_unusual():
    usual = Options("root", "out").deciding()
    assert not {"check_pixels", "convert_pictures", "labels"} & set(usual)
    how = Encoding(check_pixels=False, convert_pictures=True)
    named = Options("root", "out", encoding=how).deciding()
    assert named == usual | {"check_pixels": False, "convert_pictures": True}


def test_label_maps_of_own_classes_are_read_by_their_table(root, tmp_path):
    table = files.parse("0 0 0 ground\n1 2 3 road\n9 8 7 sky\n")
    ids = {stem: trees.label_map(i) % 3 for i, stem in enumerate(trees.STEMS)}
    painted = {s: table.label_ids.palette[ids[s]] for s in trees.STEMS[:3]}
    for stem in trees.STEMS:
        pixels = painted.get(stem, ids[stem])
        trees.write(trees.label_path(root, stem), trees.png(pixels))
    how = Encoding(labels=table)
    content = convert(root, tmp_path / "out", encoding=how).content
    for record in records(tmp_path / "out"):
        found = np.asarray(Image.open(io.BytesIO(record.label)))
        assert found.tolist() == ids[record.name].tolist()
    counts = np.bincount(np.ravel(list(ids.values()))).tolist()
    assert list(content.splits["train"].class_pixels) == counts
    assert (content.labels, content.num_classes) == (table, 3)
    assert verify.verify(str(tmp_path / "out")) == []
    repairs = convert(root, tmp_path / "out", encoding=how).repairs
    assert repairs is not None and not repairs
    other = files.parse("0 0 0 ground\n1 2 3 road\n9 8 7 tram\n")
    with pytest.raises(
        ConversionError,
        match="already holds another data set: id 2 is 'tram' of train id 2 "
        "here and 'sky' of train id 2 there",
    ):
        convert(root, tmp_path / "out", encoding=Encoding(labels=other))
    with pytest.raises(ConversionError, match="another data set: labels is"):
        colors = files.parse("0 0 0 ground\n1 2 3 road\n9 8 6 sky\n")
        convert(root, tmp_path / "out", encoding=Encoding(labels=colors))


def test_a_bad_label_map_is_named_with_what_it_holds(root, tmp_path):
    path = trees.label_path(root, trees.STEMS[0])
    trees.write(path, trees.png(np.full((16, 32), 99, np.uint8)))
    with pytest.raises(
        ConversionError,
        match=f"{path}: label holds id 99 in 512 pixels, label_ids are 0..33; "
        "give the table of its classes by --labels, or --ignore_id=99",
    ):
        convert(root, tmp_path / "out")
    remedy = Encoding(labels=ignoring(CITYSCAPES, 99))
    convert(root, tmp_path / "out", encoding=remedy)


def test_two_files_of_one_frame_are_a_duplicate(root, tmp_path):
    path = trees.image_path(root, trees.STEMS[0])
    trees.write(path.parent.parent / "elsewhere" / path.name, b"?")
    with pytest.raises(
        ConversionError, match="1 frame is .* duplicate frame: "
    ):
        convert(root, tmp_path / "out")


def test_the_bytes_do_not_depend_on_the_number_of_workers(root, tmp_path):
    size = Encoding(image_size=(8, 8))
    convert(root, tmp_path / "one", workers=1, num_shards=4, encoding=size)
    convert(root, tmp_path / "three", workers=3, num_shards=4, encoding=size)
    assert trees.contents(tmp_path / "one") == trees.contents(
        tmp_path / "three"
    )


def test_zips_give_the_shards_of_the_extracted_tree(root, tmp_path):
    zips = trees.zip_tree(root, tmp_path / "zips")
    convert(root, tmp_path / "from_tree")
    convert(zips, tmp_path / "from_zips")
    assert records(tmp_path / "from_tree")
    for path in (tmp_path / "from_tree").glob("*.tfrecord"):
        other = tmp_path / "from_zips" / path.name
        assert other.read_bytes() == path.read_bytes()


def test_the_test_split_takes_labels_only_on_request(root, tmp_path):
    trees.write_tree(root, trees.STEMS[:2], split="test")
    convert(root, tmp_path / "without", splits=("test",))
    convert(root, tmp_path / "with", splits=("test",), test_labels=True)
    assert [r.label for r in records(tmp_path / "without", "test")] == [b""] * 2
    assert all(r.label for r in records(tmp_path / "with", "test"))


def test_train_extra_takes_gt_coarse_and_the_broken_frame_is_found(tmp_path):
    stems = ["troisdorf_000000_000072", "troisdorf_000000_000073"]
    root = trees.write_tree(tmp_path, stems, "train_extra", kind="gtCoarse")
    broken = trees.image_path(root, stems[1], "train_extra")
    broken.write_bytes(trees.png(trees.picture(0))[:100])
    outcome = convert(
        root,
        tmp_path / "out",
        splits=("train_extra",),
        layout=CITYSCAPES_COARSE,
        on_error="skip",
    )
    split = outcome.content.splits["train_extra"]
    assert (split.num_examples, split.num_skipped) == (1, 1)


def test_limit_takes_the_first_frames_by_name(root, tmp_path):
    convert(root, tmp_path / "out", limit=2)
    names = sorted(record.name for record in records(tmp_path / "out"))
    assert names == sorted(trees.STEMS)[:2]


def test_an_empty_split_says_what_was_looked_for(root, tmp_path):
    with pytest.raises(
        ConversionError, match=r"leftImg8bit/ has no split val, it has train"
    ):
        convert(root, tmp_path / "out", splits=("train", "val"))


def test_a_folder_that_cannot_be_written_is_one_clear_error(root, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConversionError, match="cannot write to .*/file/out"):
        convert(root, tmp_path / "file" / "out")


def test_a_frame_that_the_runner_loses_is_an_error(root, tmp_path):
    options = Options(str(root), str(tmp_path), splits=("train",))
    existing.prepare_output(str(tmp_path))
    report = shard_writer.write_shard("train", 0, 1, [], options)
    plan = {"train": (take_stock.Inventory(num_frames=1), 1)}
    with pytest.raises(
        ConversionError, match="1 frame and 1 shard were planned"
    ):
        commit_manifest._commit((0, [report]), plan, [], options, {})
    with pytest.raises(ConversionError, match="0 in 0 came back"):
        commit_manifest._commit((0, []), plan, [], options, {})
    assert not (tmp_path / "manifest.json").exists()


def test_a_listing_that_lost_a_frame_is_an_error(root, tmp_path, monkeypatch):
    pair_bucket = find_frames._pair_bucket

    def lose(item, options):
        found = list(pair_bucket(item, options))
        return [row for row in found if row[1] != trees.STEMS[2]]

    monkeypatch.setattr(find_frames, "_pair_bucket", lose)
    with pytest.raises(ConversionError, match="have changed since the listing"):
        convert(root, tmp_path / "out")
    assert not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.slow
def test_many_frames_on_many_workers_are_all_there(tmp_path):
    """Beam's multi_threading mode loses some of a listing over a second."""
    stems = [f"ulm_{i:06d}_000019" for i in range(6000)]
    image, label = trees.png(trees.picture(0)), trees.png(trees.label_map(0))
    for stem in stems:
        trees.write(trees.image_path(tmp_path / "root", stem), image)
        trees.write(trees.label_path(tmp_path / "root", stem), label)
    outcome = convert(tmp_path / "root", tmp_path / "out", workers=4)
    assert outcome.content.splits["train"].num_examples == len(stems)


def test_the_job_graph_does_not_grow_with_the_frames(root, tmp_path):
    def graph_size(source) -> int:
        graph = beam.Pipeline(options=PipelineOptions([]))
        job.build(graph, Options(str(source), str(tmp_path / "out")))
        return len(graph.to_runner_api().SerializeToString())

    one = trees.write_tree(tmp_path / "cityscapez", trees.STEMS[:1])
    assert abs(graph_size(one) - graph_size(root)) < 500


def test_frames_travel_small_and_arrive_whole(root, tmp_path):
    zips = trees.zip_tree(root, tmp_path / "zips")
    for source, limit in ((root, 110), (zips, 300 + 2 * len(str(zips)))):
        options = Options(str(source), "/out")
        found = [
            file
            for kind in listing.list_split("train", options)
            for file in source_files.list_files(kind)
        ]
        frames, _ = pairing.pair("train", found, True)
        assert len(frames) == len(trees.STEMS)
        for frame in frames:
            row = rows.pack_frame(frame, options)
            assert len(repr(row)) < limit
            assert rows.unpack_frame(row, options) == frame


def test_the_manifest_records_what_decides_the_bytes(root, tmp_path):
    outcome = convert(root, tmp_path / "out")
    text = (tmp_path / "out" / "manifest.json").read_text()
    assert manifest.parse(text) == outcome.content
    options = Options(str(root), "/elsewhere", splits=("train",))
    assert outcome.content.options == options.deciding()
    other = dataclasses.replace(options, limit=3)
    assert other.deciding() != options.deciding()
