"""The Beam job on tiny trees, run in this process."""

import contextlib
import dataclasses
import errno
import json
import os

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from preprocess import files, verify
from preprocess.errors import ConversionError
from preprocess.options import Encoding, Options
from preprocess.output import commit, existing, mend
from preprocess.pipeline import (
    commit_manifest,
    find_frames,
    job,
    rows,
    take_stock,
)
from preprocess.records import shard_writer
from preprocess.sources import cityscapes, listing, pairing
from schemas import example, manifest
from schemas.shards import tfrecord
from tests import odd_pngs, trees


def convert(root, output_dir, *, overwrite=False, workers=2, **options):
    return job.run(
        Options(str(root), str(output_dir), **{"splits": ("train",)} | options),
        PipelineOptions([]),
        overwrite=overwrite,
        num_workers=workers,
    )


def records(folder, split="train") -> list[example.Record]:
    found = []
    for path in sorted(folder.glob(f"{split}-*.tfrecord")):
        with path.open("rb") as file:
            found += [
                example.decode(payload)
                for _, payload in tfrecord.read_records(file)
            ]
    return found


@pytest.fixture
def root(tmp_path):
    return trees.write_tree(tmp_path / "cityscapes")


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
    assert not {"check_pixels", "convert_pictures"} & set(usual)
    how = Encoding(check_pixels=False, convert_pictures=True)
    named = Options("root", "out", encoding=how).deciding()
    assert named == usual | {"check_pixels": False, "convert_pictures": True}


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
        annotation="gtCoarse",
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


def test_the_same_command_again_has_nothing_to_do(root, tmp_path):
    assert not convert(root, tmp_path / "out").was_done
    before = trees.contents(tmp_path / "out")
    assert convert(root, tmp_path / "out").was_done
    assert trees.contents(tmp_path / "out") == before


@pytest.mark.parametrize("size", [(8, 8), (4, 8)])
def test_another_data_set_is_refused_and_overwritten_on_request(
    root, tmp_path, size
):
    convert(root, tmp_path / "out", num_shards=5)
    other = {"encoding": Encoding(image_size=size), "num_shards": 2}
    with pytest.raises(ConversionError, match="image_size is native there, "):
        convert(root, tmp_path / "out", **other)
    convert(root, tmp_path / "out", overwrite=True, **other)
    convert(root, tmp_path / "fresh", **other)
    assert trees.contents(tmp_path / "out") == trees.contents(
        tmp_path / "fresh"
    )


def test_a_folder_named_like_a_pattern_is_written_alone(root, tmp_path):
    pattern = tmp_path / "data [v2]" / "rec*"
    for folder in ("rec1", "rec_old"):
        convert(root, pattern.parent / folder, num_shards=2)
    others = trees.contents(pattern.parent)
    renamed = root.rename(tmp_path / "root [1]?")
    for _ in range(2):
        convert(renamed, pattern, num_shards=3, overwrite=True)
    assert verify.verify(str(pattern)) == []
    written = trees.contents(pattern)
    shards = [name for name in written if name.endswith(".tfrecord")]
    assert len(shards) == 3
    own = {f"rec*/{name}": content for name, content in written.items()}
    assert trees.contents(pattern.parent) == others | own


def test_changed_source_files_are_noticed(root, tmp_path):
    convert(root, tmp_path / "out")
    trees.write_tree(root, ["ulm_000099_000019"])
    with pytest.raises(ConversionError, match="files of train have changed"):
        convert(root, tmp_path / "out")


def test_foreign_tfrecords_are_not_touched(root, tmp_path):
    stranger = tmp_path / "out" / "train-00000-of-00009.tfrecord"
    trees.write(stranger, b"precious")
    trees.write(tmp_path / "out" / "index.html", b"my page")
    with pytest.raises(ConversionError, match="2 files of a data set without"):
        convert(root, tmp_path / "out")
    assert stranger.read_bytes() == b"precious"
    assert (tmp_path / "out" / "index.html").read_bytes() == b"my page"


@pytest.mark.parametrize(
    "name", ["features.json", "index.html", "manifest.json"]
)
def test_a_disk_that_fills_up_at_the_end_is_one_line_and_resumable(
    root, tmp_path, monkeypatch, name
):
    convert(root, tmp_path / "whole", num_shards=2)
    write_text = files.write_text

    def full(path, text, temporary_dir):
        if path.endswith(f"/{name}"):
            raise OSError(errno.ENOSPC, "No space left on device")
        write_text(path, text, temporary_dir)

    with monkeypatch.context() as patch:
        patch.setattr(files, "write_text", full)
        with pytest.raises(
            ConversionError,
            match=f"^cannot write {name} in .*/out: No space left on device; "
            "free some space and run the same command again",
        ):
            convert(root, tmp_path / "out", num_shards=2)
    assert not (tmp_path / "out" / "manifest.json").exists()
    monkeypatch.setattr(shard_writer, "_write", None)
    convert(root, tmp_path / "out", num_shards=2)
    assert trees.contents(tmp_path / "out") == trees.contents(
        tmp_path / "whole"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[" * 100_000, "nested too deep"),
        (b'{"format":' + b"[" * 100_000, "nested too deep"),
        (b" " * ((1 << 26) + 1), "Larger than 64 MiB"),
        (b"", "not a manifest"),
        (b"\xff", "cannot be read"),
    ],
)
def test_a_strange_manifest_is_one_line(root, tmp_path, content, message):
    trees.write(tmp_path / "out" / "manifest.json", content)
    with pytest.raises(ConversionError, match=message):
        convert(root, tmp_path / "out")


def test_a_pipe_in_the_place_of_a_file_hangs_nothing(root, tmp_path):
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "out" / "manifest.json")
    with pytest.raises(ConversionError, match="Not a regular file"):
        convert(root, tmp_path / "out")
    path = trees.image_path(root, trees.STEMS[0])
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ConversionError, match=f"empty file: {path}"):
        convert(root, tmp_path / "other")


def test_a_lost_shard_is_made_again(root, tmp_path):
    convert(root, tmp_path / "out", num_shards=3)
    before = trees.contents(tmp_path / "out")
    next((tmp_path / "out").glob("train-00001-*")).unlink()
    assert not convert(root, tmp_path / "out", num_shards=3).was_done
    assert trees.contents(tmp_path / "out") == before


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-3])


def remove(path):
    path.unlink()


@pytest.mark.parametrize("spoil", [damage, truncate, remove])
@pytest.mark.parametrize(
    ("name", "num_shards", "num_others"),
    [
        ("train-00001-of-00003.tfrecord", 1, 0),
        ("index/train-00001-of-00003.tfrecord.index", 0, 1),
        ("features.json", 0, 1),
        ("dataset_info.json", 0, 1),
    ],
)
def test_the_same_command_mends_what_is_damaged_and_nothing_else(
    root, tmp_path, monkeypatch, spoil, name, num_shards, num_others
):
    options = {"num_shards": 3, "write_index": True}
    convert(root, tmp_path / "out", **options)
    before = trees.contents(tmp_path / "out")
    times = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()}
    path = tmp_path / "out" / name
    if spoil is damage and name.endswith(".json"):
        path.write_bytes(b"")
    else:
        spoil(path)
    monkeypatch.setattr(job.runners, "run_locally", None)
    outcome = convert(root, tmp_path / "out", **options)
    assert outcome.repairs == mend.Repairs(num_shards, num_others)
    assert trees.contents(tmp_path / "out") == before
    for other, time in times.items():
        if other != path and other.is_file():
            assert other.stat().st_mtime_ns == time
    assert convert(root, tmp_path / "out", **options).was_done


def test_what_was_skipped_and_is_not_listed_any_more_is_found_again(
    root, tmp_path
):
    trees.image_path(root, trees.STEMS[3]).write_bytes(b"?")
    convert(root, tmp_path / "out", on_error="skip")
    before = trees.contents(tmp_path / "out")
    (tmp_path / "out" / "skipped.jsonl").unlink()
    assert convert(root, tmp_path / "out", on_error="skip").repairs is None
    assert trees.contents(tmp_path / "out") == before


def test_a_shard_that_other_versions_made_makes_the_set_anew(root, tmp_path):
    """Its bytes would differ, as here where another frame stands in it."""
    convert(root, tmp_path / "out", num_shards=2)
    before = trees.contents(tmp_path / "out")
    path = tmp_path / "out" / "manifest.json"
    content = json.loads(path.read_text())
    del content["checksum"]
    shard = content["splits"]["train"]["shards"][0]
    shard["crc32c"] = "00000000"
    path.write_text(json.dumps(content))
    assert convert(root, tmp_path / "out", num_shards=2).repairs is None
    assert trees.contents(tmp_path / "out") == before


@pytest.mark.parametrize("is_finished", [True, False])
def test_index_files_are_written_later_and_nothing_else(
    root, tmp_path, monkeypatch, is_finished
):
    convert(root, tmp_path / "both", num_shards=3, write_index=True)
    wanted = trees.contents(tmp_path / "both")
    with monkeypatch.context() as patch:
        if not is_finished:
            patch.setattr(commit, "commit", lambda *_: 1 / 0)
        with contextlib.suppress(ZeroDivisionError):
            convert(root, tmp_path / "out", num_shards=3)
    monkeypatch.setattr(shard_writer, "_write", None)
    without = trees.contents(tmp_path / "out")
    outcome = convert(root, tmp_path / "out", num_shards=3, write_index=True)
    index = {n: c for n, c in wanted.items() if n.startswith("index/")}
    assert len(index) == 3
    if is_finished:
        assert outcome.repairs == mend.Repairs(0, 3)
        assert trees.contents(tmp_path / "out") == without | index
    else:
        found = trees.contents(tmp_path / "out")
        assert found.items() >= index.items()
    assert convert(root, tmp_path / "out", num_shards=3).was_done


def test_a_rerun_redoes_only_what_is_not_finished(root, tmp_path, monkeypatch):
    convert(root, tmp_path / "whole", num_shards=4)
    written = []
    write = shard_writer._write

    def fail_at_third(split, name, *rest):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(name)
        return write(split, name, *rest)

    monkeypatch.setattr(shard_writer, "_write", fail_at_third)
    with pytest.raises(ConversionError, match="No space left .* free some sp"):
        convert(root, tmp_path / "out", num_shards=4, workers=1)
    first = list(written)
    monkeypatch.setattr(
        shard_writer,
        "_write",
        lambda s, n, *r: written.append(n) or write(s, n, *r),
    )
    convert(root, tmp_path / "out", num_shards=4, workers=1)
    assert len(written) == len(set(written)) == 4
    assert written[:2] == first
    assert trees.contents(tmp_path / "out") == trees.contents(
        tmp_path / "whole"
    )


def test_an_interrupted_overwriting_continues_too(root, tmp_path, monkeypatch):
    convert(root, tmp_path / "whole", num_shards=4)
    convert(root, tmp_path / "out", num_shards=2)
    write, written = shard_writer._write, []

    def interrupt_at_third(split, name, *rest):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(name)
        return write(split, name, *rest)

    again = {"num_shards": 4, "workers": 1, "overwrite": True}
    monkeypatch.setattr(shard_writer, "_write", interrupt_at_third)
    with pytest.raises(KeyboardInterrupt):
        convert(root, tmp_path / "out", **again)
    assert not (tmp_path / "out" / "manifest.json").exists()
    monkeypatch.setattr(
        shard_writer,
        "_write",
        lambda s, n, *r: written.append(n) or write(s, n, *r),
    )
    convert(root, tmp_path / "out", **again)
    assert len(written) == len(set(written)) == 4
    assert trees.contents(tmp_path / "out") == trees.contents(
        tmp_path / "whole"
    )


def test_a_finished_shard_that_was_damaged_is_made_again(root, tmp_path):
    options = Options(str(root), str(tmp_path), splits=("train",))
    existing.prepare_output(str(tmp_path))
    report = shard_writer.write_shard("train", 0, 1, [], options)
    assert shard_writer.finished_report(
        report.shard.name, report.inputs, str(tmp_path)
    )
    (tmp_path / report.shard.name).write_bytes(b"?")
    assert not shard_writer.finished_report(
        report.shard.name, report.inputs, str(tmp_path)
    )


def test_a_folder_that_cannot_be_written_is_one_clear_error(root, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConversionError, match="cannot write to .*/file/out"):
        convert(root, tmp_path / "file" / "out")


def test_a_frame_that_the_runner_loses_is_an_error(root, tmp_path):
    options = Options(str(root), str(tmp_path), splits=("train",))
    existing.prepare_output(str(tmp_path))
    report = shard_writer.write_shard("train", 0, 1, [], options)
    plan = {"train": (take_stock.Inventory(num_frames=1), 1)}
    with pytest.raises(ConversionError, match="1 frames were found for 1 shar"):
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
            for file in cityscapes.list_files(kind)
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
