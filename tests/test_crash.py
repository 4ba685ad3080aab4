"""kill -9 at any moment, then the same command again."""

import random
import time

import pytest

from tests import commands, trees

NUM_KILLS = 20
SIZE = (512, 1024)


@pytest.mark.slow
def test_a_killed_job_run_again_ends_with_the_same_bytes(tmp_path):
    stems = [f"ulm_{i:06d}_000019" for i in range(24)]
    root = trees.write_tree(tmp_path / "cityscapes", stems, size=SIZE)

    def arguments(folder: str) -> list[str]:
        return [
            f"--cityscapes_root={root}",
            f"--output_dir={tmp_path}/{folder}",
            "--splits=train",
            "--num_shards=12",
            "--image_size=160x320",
            "--workers=2",
            "--write_index",
        ]

    begin = time.monotonic()
    done = commands.run("preprocess.main", *arguments("whole"))
    assert done.returncode == 0, done.stderr
    seconds = time.monotonic() - begin
    whole = trees.contents(tmp_path / "whole")

    chance = random.Random(11)
    kills = finished = 0
    while kills < NUM_KILLS:
        folder = f"killed-{finished}"
        process = commands.start("preprocess.main", *arguments(folder))
        time.sleep(chance.uniform(0.3, 1.1) * seconds)
        process.kill()
        process.communicate()
        if process.returncode == 0:  # It was faster; take a new folder.
            assert trees.contents(tmp_path / folder) == whole
            finished += 1
            continue
        kills += 1
        left = trees.contents(tmp_path / folder)
        if "manifest.json" in left:
            visible = {n: d for n, d in left.items() if n[0] != "."}
            assert visible == whole
    last = commands.run("preprocess.main", *arguments(folder))
    assert last.returncode == 0, last.stderr
    assert trees.contents(tmp_path / folder) == whole
