"""The two jobs that faults are injected into, small."""

import os
import subprocess

import pytest

from tests import commands, tiny_run, trees

ALL = os.environ.get("FAULTS") == "all"
thorough = pytest.mark.skipif(not ALL, reason="a minute; make test-faults")

NUM_SHARDS = 6
NUM_EPOCHS = 4


def write_root(path) -> str:
    """Writes a Cityscapes tree of 24 frames."""
    stems = [f"ulm_{i:06d}_000019" for i in range(24)]
    return str(trees.write_tree(path, stems, size=(96, 192)))


def conversion(root, output_dir) -> list[str]:
    """Returns the flags of a conversion."""
    return [
        f"--cityscapes_root={root}",
        f"--output_dir={output_dir}",
        "--splits=train",
        f"--num_shards={NUM_SHARDS}",
        "--workers=2",
    ]


def convert(
    root, output_dir, *more: str, **options
) -> subprocess.CompletedProcess:
    """Runs a conversion."""
    return commands.run(
        "preprocess.main", *conversion(root, output_dir), *more, **options
    )


def training(data_dir, model_dir) -> tuple[str, ...]:
    """Returns the flags of a run that saves after every step."""
    return tiny_run.arguments(
        data_dir,
        model_dir,
        f"--epochs={NUM_EPOCHS}",
        "--save_steps=1",
        "--cache=none",
    )


def train(
    data_dir, model_dir, *more: str, **options
) -> subprocess.CompletedProcess:
    """Runs a training."""
    return commands.run(
        "trainer.task", *training(data_dir, model_dir), *more, **options
    )


def last_line(done: subprocess.CompletedProcess) -> str:
    """Returns the one line with which a command gave up.

    No traceback stands before it.
    """
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert "Traceback" not in done.stderr, done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: "), line
    return line


def check_same_run(model_dir, other_dir) -> None:
    """Checks that two trainings ended with the same bits, each epoch once."""
    assert tiny_run.same_state(model_dir, other_dir)
    assert tiny_run.same_networks(model_dir, other_dir)
    rows = [tiny_run.read_rows(folder) for folder in (model_dir, other_dir)]
    epochs = [int(row["epoch"]) for row in rows[0]]
    assert epochs == [*range(1, len(rows[1]) + 1)]
    for name in ("step", "loss", "mean_iou", "val_loss", "val_mean_iou"):
        assert [row[name] for row in rows[0]] == [row[name] for row in rows[1]]


def files_of(folder) -> set[str]:
    """Returns the names in a folder, none where there is no folder."""
    return set(os.listdir(folder)) if os.path.isdir(folder) else set()
