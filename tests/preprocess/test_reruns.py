"""The same command again, over what an earlier one left."""

import contextlib
import errno
import json
import os

import pytest

from preprocess.commands import verify
from preprocess.errors import ConversionError
from preprocess.options import Encoding, Options
from preprocess.output import commit, existing, mend
from preprocess.pipeline import job
from preprocess.records import shard_writer
from preprocess.storage import files
from tests import trees
from tests.preprocess.conversions import convert


def test_the_same_command_again_has_nothing_to_do(root, tmp_path):
    assert convert(root, tmp_path / "out").repairs is None
    before = trees.contents(tmp_path / "out")
    assert convert(root, tmp_path / "out").repairs == mend.Repairs()
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


@pytest.mark.parametrize(
    "name",
    ["features.json", "croissant.json", "index.html", "manifest.json"],
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
    repairs = convert(root, tmp_path / "out", num_shards=3).repairs
    assert repairs == mend.Repairs(1, 0)
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
        ("train-00001-of-00003.tfrecord", 1, 1),  # With its index file.
        ("index/train-00001-of-00003.tfrecord.index", 0, 1),
        ("features.json", 0, 1),
        ("dataset_info.json", 0, 1),
        ("croissant.json", 0, 1),
        ("supervised/features.json", 0, 1),
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
    assert convert(root, tmp_path / "out", **options).repairs == mend.Repairs()


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
    assert (
        convert(root, tmp_path / "out", num_shards=3).repairs == mend.Repairs()
    )


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
