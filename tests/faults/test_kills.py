"""kill -9 at any moment, then the same command again."""

import random
import signal
import time

import keras
import pytest

from tests import commands, tiny_run, trees
from tests.faults import jobs, tracing
from trainer.engine import checkpoints, loop

NUM_CONVERSION_KILLS = 20
NUM_TRAINING_KILLS = 10 if jobs.ALL else 3


@pytest.mark.slow
def test_a_killed_conversion_run_again_ends_with_the_same_bytes(
    tmp_path, fault
):
    stems = [f"ulm_{i:06d}_000019" for i in range(24)]
    root = trees.write_tree(tmp_path / "cityscapes", stems, size=(512, 1024))

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
    while kills < NUM_CONVERSION_KILLS:
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
        with fault("kill -9 of a conversion"):
            left = trees.contents(tmp_path / folder)
            if "manifest.json" in left:
                visible = {n: d for n, d in left.items() if n[0] != "."}
                assert visible == whole
    last = commands.run("preprocess.main", *arguments(folder))
    assert last.returncode == 0, last.stderr
    assert trees.contents(tmp_path / folder) == whole


def check_left(model_dir) -> None:
    """Checks that all that has its name is whole."""
    broken = []
    checkpoints.load_latest(str(model_dir), broken.append)
    assert not broken
    for path in model_dir.glob("*.keras"):
        if ".partial" not in path.name:
            keras.saving.load_model(path)
    if (model_dir / "metrics.csv").exists():
        epochs = [row["epoch"] for row in tiny_run.read_rows(model_dir)]
        assert epochs == [str(epoch + 1) for epoch in range(len(epochs))]


@pytest.mark.slow
def test_a_killed_training_run_again_ends_with_the_same_bits(
    data_dir, timed_run, tmp_path, fault
):
    whole_run, seconds = timed_run
    chance = random.Random(7)
    kills = finished = 0
    while kills < NUM_TRAINING_KILLS:
        model_dir = tmp_path / f"killed-{finished}"
        flags = jobs.training(data_dir, model_dir)
        process = commands.start("trainer.task", *flags)
        time.sleep(chance.uniform(0.5, 1.05) * seconds)
        process.kill()
        process.communicate()
        if process.returncode == 0:
            jobs.check_same_run(model_dir, whole_run)
            finished += 1
            continue
        kills += 1
        with fault("kill -9 of a training"):
            check_left(model_dir)
    last = jobs.train(data_dir, model_dir)
    assert last.returncode == 0, last.stderr
    jobs.check_same_run(model_dir, whole_run)


@jobs.thorough
@pytest.mark.parametrize(
    ("calls", "number"),
    [  # of config.json, metrics.csv, two checkpoints, last.keras
        (tracing.SYNCS, 4),
        (tracing.RENAMES, 4),
        (tracing.SYNCS, 5),
    ],
)
def test_a_kill_while_a_file_is_written_leaves_the_one_before(
    data_dir, whole_run, tmp_path, fault, calls, number
):
    under = tracing.inject(calls, f"signal=9:when={number}")
    with fault("kill -9 while a checkpoint is written"):
        killed = jobs.train(data_dir, tmp_path, under=under)
        assert killed.returncode == -signal.SIGKILL
        check_left(tmp_path)
        again = jobs.train(data_dir, tmp_path)
        assert again.returncode == 0, again.stderr
        jobs.check_same_run(tmp_path, whole_run)


@jobs.thorough
def test_sigterm_while_a_checkpoint_is_written_loses_nothing(
    data_dir, whole_run, tmp_path, fault
):
    under = tracing.inject(tracing.SYNCS, f"signal={signal.SIGTERM:d}:when=4")
    with fault("SIGTERM while a checkpoint is written"):
        stopped = jobs.train(data_dir, tmp_path, under=under)
        assert stopped.returncode == loop.EXIT_AGAIN
        check_left(tmp_path)
        again = jobs.train(data_dir, tmp_path)
        assert again.returncode == 0, again.stderr
        jobs.check_same_run(tmp_path, whole_run)


@pytest.mark.slow
def test_sigterm_of_a_conversion_is_a_kill(tmp_path, fault):
    root = jobs.write_root(tmp_path / "cityscapes")
    whole = jobs.convert(root, tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    # strace counts the calls of each of the job's threads by themselves.
    under = tracing.inject(tracing.RENAMES, f"signal={signal.SIGTERM:d}:when=2")
    with fault("SIGTERM of a conversion"):
        stopped = jobs.convert(root, tmp_path / "out", under=under)
        assert stopped.returncode == -signal.SIGTERM
        assert "manifest.json" not in jobs.files_of(tmp_path / "out")
        again = jobs.convert(root, tmp_path / "out")
        assert again.returncode == 0, again.stderr
        assert trees.contents(tmp_path / "out") == trees.contents(
            tmp_path / "whole"
        )
