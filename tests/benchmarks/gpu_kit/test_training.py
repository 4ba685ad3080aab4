import sys

import pytest

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stages import training


def epoch(seconds, score, wait=0.01, ema="nan"):
    return {
        "images_per_second": "100.0",
        "input_wait_share": str(wait),
        "val_mean_iou": str(score),
        "val_mean_iou_ema": str(ema),
        "seconds": str(seconds),
    }


def report(capsys, *epochs):
    training._report(list(epochs), is_small=False)
    rows = stage.read_rows(capsys.readouterr().out)
    return {row.name: row for row in rows}


def test_the_goals_time_is_that_of_the_epochs_up_to_it(capsys):
    epochs = epoch(30, 0.1, wait=0.9), epoch(10, 0.5, ema=0.61), epoch(10, 0.7)
    rows = report(capsys, *epochs)
    assert rows["goal: seconds to 60% val mean IoU"].values == (40.0,)
    assert rows["goal: wait for input"].values == (1.0,)
    assert rows["goal: wait for input"].is_right
    assert rows["best val mean IoU"].values == (70.0,)


def test_a_goal_that_was_not_reached_is_said(capsys):
    row = report(capsys, epoch(30, 0.59))["goal: seconds to 60% val mean IoU"]
    assert (row.is_right, row.note) == (False, "not reached")


def test_a_training_begins_anew_whatever_an_earlier_one_left(
    tmp_path, monkeypatch, capsys
):
    run = tmp_path / "run"
    run.mkdir()
    (run / "metrics.csv").write_text("val_mean_iou,seconds\n0.9,1\n")
    monkeypatch.setattr(
        training.subprocess, "run", lambda *a, **k: print(run.exists())
    )
    argv = ["--data_dir=data", f"--work_dir={tmp_path}", "--results=x"]
    monkeypatch.setattr(sys, "argv", ["training", *argv, "--seconds=9"])
    with pytest.raises(SystemExit, match="finished no epoch"):
        training.main()
    assert capsys.readouterr().out == "False\n"
