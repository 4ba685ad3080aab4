"""Disks that are full, read-only, broken or slow."""

import contextlib
import os
import subprocess

import pytest

from tests import trees
from tests.faults import jobs, tracing

MILLISECONDS = 1000


@contextlib.contextmanager
def tmpfs(path, options: str):
    """Mounts a file system in memory; skips the test where that may not be."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a tmpfs needs root")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def grow(disk, size: str) -> None:
    options = f"remount,size={size}"
    subprocess.run(["mount", "-o", options, str(disk)], check=True)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return jobs.write_root(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def whole(root, tmp_path_factory):
    """What a conversion without faults writes."""
    path = tmp_path_factory.mktemp("whole") / "out"
    done = jobs.convert(root, path)
    assert done.returncode == 0, done.stderr
    return trees.contents(path)


def check_rerun(root, out, whole) -> None:
    """Checks that a failed conversion pretends nothing, and is taken up."""
    assert "manifest.json" not in jobs.files_of(out)
    again = jobs.convert(root, out)
    assert again.returncode == 0, again.stderr
    assert trees.contents(out) == whole


def check_training_rerun(data_dir, model_dir, whole_run) -> None:
    """Checks that a failed training goes on to the same end."""
    again = jobs.train(data_dir, model_dir)
    assert again.returncode == 0, again.stderr
    jobs.check_same_run(model_dir, whole_run)


def test_a_full_disk_is_one_line_and_the_rerun_completes(
    root, whole, tmp_path, fault
):
    with tmpfs(tmp_path / "small", "size=900k") as disk:
        with fault("disk full under a conversion"):
            line = jobs.last_line(jobs.convert(root, disk / "out"))
            assert line.startswith("error: cannot write train-0000")
            assert "No space left on device; free some space" in line
            grow(disk, "9m")
            check_rerun(root, disk / "out", whole)


def test_a_read_only_disk_is_one_line(root, tmp_path, fault):
    with tmpfs(tmp_path / "fixed", "ro,size=1m") as disk:
        with fault("disk read-only under a conversion"):
            line = jobs.last_line(jobs.convert(root, disk / "out"))
    assert line.startswith(f"error: cannot write to {disk}/out: Read-only")


@pytest.mark.slow
def test_a_disk_that_fills_up_under_a_training_keeps_what_was_saved(
    data_dir, whole_run, tmp_path, fault
):
    with tmpfs(tmp_path / "small", "size=1100k") as disk:
        with fault("disk full under a training"):
            line = jobs.last_line(jobs.train(data_dir, disk / "run"))
            assert "No space left on device" in line
            assert jobs.files_of(disk / "run" / "checkpoints")
            grow(disk, "90m")
            check_training_rerun(data_dir, disk / "run", whole_run)


@pytest.mark.parametrize("kind", ["picture", "label map"])
def test_a_read_error_names_the_file_and_skips_nothing(
    root, whole, tmp_path, fault, kind
):
    stem = "ulm_000007_000019"
    find = trees.image_path if kind == "picture" else trees.label_path
    path = find(root, stem)
    under = tracing.inject(tracing.READS, "error=EIO", [path])
    with fault("read error under a conversion"):
        done = jobs.convert(
            root, tmp_path / "out", "--on_error=skip", under=under
        )
        line = jobs.last_line(done)
        assert f"{path} cannot be read ([Errno 5] Input/output error)" in line
        check_rerun(root, tmp_path / "out", whole)


def test_a_short_read_names_the_file(root, whole, tmp_path, fault):
    path = trees.image_path(root, "ulm_000011_000019")
    under = tracing.inject(tracing.READS, "retval=0", [path])
    with fault("short read under a conversion"):
        line = jobs.last_line(jobs.convert(root, tmp_path / "out", under=under))
        assert f"{path} gave 0 bytes and had {path.stat().st_size}" in line
        check_rerun(root, tmp_path / "out", whole)


def test_a_write_error_is_one_line(root, whole, tmp_path, fault):
    under = tracing.inject(tracing.SYNCS, "error=EIO:when=3")
    with fault("write error under a conversion"):
        line = jobs.last_line(jobs.convert(root, tmp_path / "out", under=under))
        assert "Input/output error" in line
        check_rerun(root, tmp_path / "out", whole)


@jobs.thorough
@pytest.mark.parametrize(
    ("effect", "name"),
    [
        ("error=EIO", "read error under a training"),
        ("retval=0", "short read under a training"),
    ],
)
def test_a_shard_that_goes_bad_under_a_training_is_named(
    data_dir, whole_run, tmp_path, fault, effect, name
):
    # TensorFlow reads it by pread64 alone, and without pictures to draw
    # first after an epoch.
    shard = data_dir / "val-00000-of-00002.tfrecord"
    under = tracing.inject("pread64", effect, [shard])
    with fault(name):
        done = jobs.train(
            data_dir, tmp_path / "run", "--tensorboard_pictures=0", under=under
        )
        line = jobs.last_line(done)
        assert f"error: reading 'val' in {data_dir} failed" in line
        assert "{{" not in line and "[Op:" not in line
        assert jobs.files_of(tmp_path / "run" / "checkpoints")
        check_training_rerun(data_dir, tmp_path / "run", whole_run)


@jobs.thorough
def test_a_checkpoint_that_cannot_be_read_is_named_and_stays(
    data_dir, whole_run, tmp_path, fault
):
    killed = jobs.train(
        data_dir,
        tmp_path,
        under=tracing.inject(tracing.RENAMES, "signal=9:when=9"),
    )
    assert killed.returncode == -9
    latest = max((tmp_path / "checkpoints").glob("step-????????.npz"))
    under = tracing.inject(tracing.READS, "error=EIO", [latest])
    with fault("read error of a checkpoint"):
        line = jobs.last_line(jobs.train(data_dir, tmp_path, under=under))
        assert f"{latest} cannot be read (Input/output error)" in line
        check_training_rerun(data_dir, tmp_path, whole_run)


def test_a_slow_disk_only_takes_longer(root, whole, tmp_path, fault):
    pictures = sorted(trees.image_path(root, "ulm_0_0").parent.glob("*.png"))
    under = tracing.inject(
        tracing.READS, f"delay_enter={50 * MILLISECONDS}", pictures
    )
    with fault("slow reads under a conversion"):
        done = jobs.convert(root, tmp_path / "slow", under=under)
        assert done.returncode == 0, done.stderr
        assert trees.contents(tmp_path / "slow") == whole


def test_a_disk_that_stalls_is_waited_for(root, whole, tmp_path, fault):
    under = tracing.inject(
        tracing.SYNCS, f"delay_enter={4000 * MILLISECONDS}:when=2"
    )
    with fault("a stalled write under a conversion"):
        done = jobs.convert(root, tmp_path / "stalled", under=under)
        assert done.returncode == 0, done.stderr
        assert trees.contents(tmp_path / "stalled") == whole


@jobs.thorough
def test_slow_and_stalling_disks_change_no_training(
    data_dir, whole_run, tmp_path, fault
):
    shards = sorted(data_dir.glob("*.tfrecord"))
    slow = tracing.inject(
        tracing.READS, f"delay_enter={50 * MILLISECONDS}", shards
    )
    with fault("slow reads under a training"):
        done = jobs.train(data_dir, tmp_path / "slow", under=slow)
        assert done.returncode == 0, done.stderr
        jobs.check_same_run(tmp_path / "slow", whole_run)
    stalling = tracing.inject(
        tracing.SYNCS, f"delay_enter={4000 * MILLISECONDS}:when=4"
    )
    with fault("a stalled write under a training"):
        done = jobs.train(data_dir, tmp_path / "stalled", under=stalling)
        assert done.returncode == 0, done.stderr
        jobs.check_same_run(tmp_path / "stalled", whole_run)
