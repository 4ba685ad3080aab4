"""Tests the comparison of what an hour of training buys."""

import io
import json
import sys

import numpy as np

from benchmarks import accuracy
from benchmarks.trainings import crops
from benchmarks.trainings.watch import Course, Point
from tests import tiny_dataset
from trainer import command_line, configure
from trainer.data import loader


def test_the_table_says_when_a_score_was_first_reached():
    points = (
        Point(10, 0.39, 1.0),
        Point(1020, 0.52, 2.4),
        Point(2030, 0.48, 5.6),
    )
    lines = accuracy.table({"ours": Course(points, 1234.5)}).splitlines()
    assert lines[0] == (
        "| | 40 % | 50 % | 60 % | 65 % | 70 % | best | last | peak MiB |"
    )
    assert lines[2] == (
        "| ours | 1,020 steps, 2 min | 1,020 steps, 2 min | - | - | - | "
        "52.0% (1,020 steps, 2 min) | 48.0% (2,030 steps, 6 min) | 1,234 |"
    )


def test_the_peer_gets_the_trainers_crops(tmp_path, monkeypatch):
    tiny_dataset.write_dataset(tmp_path / "data", 4, 1, (40, 40))
    flags = [
        f"--data_dir={tmp_path / 'data'}",
        f"--model_dir={tmp_path / 'run'}",
        "--resize=none",
        "--crop=32x32",
        "--batch_size=2",
        "--epochs=2",
        "--seed=3",
    ]

    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
    crops.stream("tree", flags)
    head, _, content = output.getvalue().partition(b"\n")
    header = json.loads(head)
    assert header["cityscapes_root"] == "tree"
    assert header["batch"] == [2, 32, 32]
    assert header["epochs"] == 2 and header["steps_per_epoch"] == 2
    assert header["seed"] == 3 and sum(header["class_weights"]) == 19

    config, records = configure.train(
        command_line.parse(["train", *flags]).given
    )
    batching = loader.Batching(2, epochs=2, seed=3)
    data = loader.RunData(config.data, records, batching, str(tmp_path))
    expected = b"".join(
        np.asarray(part).tobytes()
        for batch in data.train_batches(0, 0)
        for part in batch
    )
    assert content == expected and len(content) == 4 * 2 * 32 * 32 * 4
