import math

import numpy as np
import pytest

from trainer.config.data import DataConfig
from trainer.config.model import ModelConfig
from trainer.config.optimization import OptimizerConfig
from trainer.config.training import Change, TrainConfig
from trainer.engine import clock, console
from trainer.engine.console import Console
from trainer.engine.epoch import EpochScores, Row
from trainer.engine.plan import Plan
from trainer.engine.state import RunState


def make_console(**options):
    data = DataConfig("data")
    config = TrainConfig("run", data, ModelConfig("label_ids"), **options)
    plan = Plan(80, 8, config.epochs)
    return Console(config, records=None, plan=plan)


def test_a_resumed_run_says_which_flags_change(capsys):
    changes = (
        Change(3, "batch_size", "4", "8"),
        Change(7, "epochs", "100", "60"),
    )
    make_console(changes=changes).print_resume(7)
    line = "resuming after step 7; --epochs was 100 and is 60\n"
    assert capsys.readouterr().out == line
    make_console(changes=changes).print_resume(8)
    assert capsys.readouterr().out == "resuming after step 8\n"


def half_right():
    scores = EpochScores(2, None)
    scores.update(1.25, 4.0, np.array([[1, 1], [1, 1]]))
    return scores


def at_step(step, scores=None):
    """The state of a run of 10 steps an epoch."""
    epoch, position = divmod(step, 10)
    rows = [make_row(step=10 * number + 10) for number in range(epoch)]
    return RunState(scores or half_right(), step, rows, 8 * position)


@pytest.fixture
def at(monkeypatch):
    """Sets the time of clocks and consoles."""
    now = [0.0]
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])

    def set_time(seconds):
        now[0] = seconds

    return set_time


def test_the_progress_line_has_loss_iou_rate_and_time_left(at, capsys):
    shown = make_console(epochs=3)
    watch = clock.Clock()
    for _ in range(4):
        watch.count(8)
    at(16.0)
    shown.print_step(at_step(14), watch)
    # 32 pictures in 16 s; 30 - 14 steps of 4 s are left.
    assert capsys.readouterr().out == (
        "epoch 2/3 step 4/10: loss 1.2500, mean IoU 0.3333, 2.0 img/s, "
        "0:01:04 left\n"
    )


def test_lines_are_seconds_apart_and_wait_for_a_first_score(at, capsys):
    shown = make_console(epochs=3)
    watch = clock.Clock()
    watch.count(8)
    at(14.9)
    shown.print_step(at_step(1), watch)
    at(15.0)
    shown.print_step(at_step(2, EpochScores(2, None)), watch)
    assert capsys.readouterr().out == ""
    shown.print_step(at_step(3), watch)
    at(29.9)
    shown.print_step(at_step(4), watch)
    assert capsys.readouterr().out.count("\n") == 1


def make_row(**fields):
    values = dict.fromkeys(Row.__dataclass_fields__, 0.0)
    return Row(**values | {"val_mean_iou_ema": math.nan} | fields)


def test_an_epochs_line_says_what_it_has_brought(capsys):
    row = make_row(
        epoch=2,
        loss=1.5,
        mean_iou=0.25,
        val_loss=2.0,
        val_mean_iou=0.125,
        images_per_second=12.34,
        input_wait_share=0.02,
        peak_memory_mb=700.4,
        seconds=30.0,
    )
    make_console(epochs=4).print_epoch(row)
    assert capsys.readouterr().out == (
        "epoch 2/4: loss 1.5000, mean IoU 0.2500, val loss 2.0000, "
        "val mean IoU 0.1250, 12.3 img/s, input wait 2%, peak 700 MB, "
        "0:01:00 left\n"
    )


def test_averaged_weights_have_their_score_on_the_line(capsys):
    row = make_row(epoch=1, val_mean_iou=0.125, val_mean_iou_ema=0.5)
    shown = make_console(epochs=1, optimizer=OptimizerConfig(ema_decay=0.9))
    shown.print_epoch(row)
    text = "val mean IoU 0.1250, averaged 0.5000, "
    assert text in capsys.readouterr().out
