"""Clocks that go backwards, and files from another time."""

import os
import random
import re

from tests import commands, trees
from tests.faults import jobs, tracing

EPOCH_SECONDS, FAR_SECONDS = 0, 4_000_000_000


def test_no_command_reads_the_clock_on_the_wall():
    # grpc, of Beam, cannot be shown a clock that only Python sees.
    clock = re.compile(r"\btime\.time\(|time_ns\(|datetime|localtime|gmtime")
    for package in ("preprocess", "schemas", "trainer"):
        for path in sorted((commands.ROOT / package).rglob("*.py")):
            assert not clock.search(path.read_text()), path


def test_a_rerun_does_not_look_at_its_files_times(tmp_path, fault):
    root = jobs.write_root(tmp_path / "cityscapes")
    assert jobs.convert(root, tmp_path / "whole").returncode == 0
    killed = jobs.convert(
        root,
        tmp_path / "out",
        under=tracing.inject(tracing.RENAMES, "signal=9:when=3"),
    )
    assert killed.returncode == -9
    chance = random.Random(3)
    with fault("unfinished shards from another time"):
        for path in (tmp_path / "out").rglob("*"):
            seconds = chance.choice([EPOCH_SECONDS, FAR_SECONDS])
            os.utime(path, (seconds, seconds))
        assert jobs.convert(root, tmp_path / "out").returncode == 0
        assert trees.contents(tmp_path / "out") == trees.contents(
            tmp_path / "whole"
        )


@jobs.thorough
def test_a_training_goes_on_a_year_before_it_began(
    data_dir, whole_run, tmp_path, fault
):
    killed = jobs.train(
        data_dir,
        tmp_path / "run",
        under=tracing.inject(tracing.RENAMES, "signal=9:when=5"),
    )
    assert killed.returncode == -9
    with fault("the clock goes backwards under a training"):
        flags = jobs.training(data_dir, tmp_path / "run")
        again = commands.run("tests.faults.backwards", "trainer.task", *flags)
        assert again.returncode == 0, again.stderr
        jobs.check_same_run(tmp_path / "run", whole_run)
