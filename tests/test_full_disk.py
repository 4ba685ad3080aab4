"""A disk that is full or read-only, by a small tmpfs."""

import contextlib
import os
import subprocess

import pytest

from tests import commands, trees


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


def convert(root, output_dir):
    return commands.run(
        "preprocess.main",
        f"--cityscapes_root={root}",
        f"--output_dir={output_dir}",
        "--splits=train",
        "--num_shards=6",
        "--workers=2",
    )


def test_a_full_disk_is_one_line_and_the_rerun_completes(tmp_path):
    stems = [f"ulm_{i:06d}_000019" for i in range(24)]
    root = trees.write_tree(tmp_path / "cityscapes", stems, size=(96, 192))
    whole = convert(root, tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    with tmpfs(tmp_path / "small", "size=900k") as disk:
        done = convert(root, disk / "out")
        assert done.returncode == 1
        line = done.stderr.splitlines()[-1]
        assert line.startswith("error: cannot write train-0000")
        assert "No space left on device; free some space" in line
        assert not (disk / "out" / "manifest.json").exists()
        subprocess.run(
            ["mount", "-o", "remount,size=9m", str(disk)], check=True
        )
        again = convert(root, disk / "out")
        assert again.returncode == 0, again.stderr
        assert trees.contents(disk / "out") == trees.contents(
            tmp_path / "whole"
        )


def test_a_read_only_disk_is_one_line(tmp_path):
    root = trees.write_tree(tmp_path / "cityscapes")
    with tmpfs(tmp_path / "fixed", "ro,size=1m") as disk:
        done = convert(root, disk / "out")
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"error: cannot write to {disk}/out: Read-only")
