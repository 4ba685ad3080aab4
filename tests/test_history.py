import math

import numpy as np
import pytest

from trainer import history
from trainer.history import Row, Scores


def make_row(epoch, val_mean_iou=0.25, ema=math.nan):
    return Row(
        epoch=epoch,
        step=2 * epoch,
        learning_rate=1e-3,
        loss=1.5,
        pixel_accuracy=0.5,
        mean_iou=0.125,
        val_loss=2.0,
        val_pixel_accuracy=1 / 3,
        val_mean_iou=val_mean_iou,
        val_mean_iou_ema=ema,
        images_per_second=10.0,
        input_wait_share=0.0,
        peak_memory_mb=700.5,
        seconds=12.25,
    )


def test_the_csv_has_a_row_an_epoch(tmp_path):
    history.write_csv(str(tmp_path), [make_row(1), make_row(2)])
    assert (tmp_path / "metrics.csv").read_text() == (
        "epoch,step,learning_rate,loss,pixel_accuracy,mean_iou,val_loss,"
        "val_pixel_accuracy,val_mean_iou,val_mean_iou_ema,images_per_second,"
        "input_wait_share,peak_memory_mb,seconds\n"
        "1,2,0.001,1.5,0.5,0.125,2,0.333333,0.25,nan,10,0,700.5,12.25\n"
        "2,4,0.001,1.5,0.5,0.125,2,0.333333,0.25,nan,10,0,700.5,12.25\n"
    )


def test_losses_are_averaged_over_what_counted():
    scores = Scores(2, None)
    assert not scores.has_pixels and scores.loss == 0
    scores.update(1.0, 3.0, np.array([[2, 1], [0, 0]]))
    scores.update(5.0, 1.0, np.array([[0, 0], [0, 1]]))
    assert scores.loss == 2.0
    assert scores.matrix.pixel_accuracy() == 3 / 4
    again = Scores(2, None)
    again.restore(scores.state())
    assert again.loss == 2.0
    assert again.matrix.counts.tolist() == [[2, 1], [0, 1]]


def test_the_averaged_weights_score_counts_where_there_is_one():
    assert make_row(1, 0.25).score == 0.25
    assert make_row(1, 0.25, 0.5).score == 0.5
    assert make_row(1, math.nan).score == -1


@pytest.mark.parametrize(
    ("scores", "stalled"),
    [
        ([0.5], False),
        ([0.5, 0.4], False),
        ([0.5, 0.4, 0.5], True),
        ([0.5, 0.4, 0.6], False),
        ([0.5, 0.6, 0.4], False),
    ],
)
def test_a_run_has_stalled_after_epochs_without_a_better_score(scores, stalled):
    rows = [make_row(epoch, score) for epoch, score in enumerate(scores)]
    assert history.has_stalled(rows, patience=2) == stalled
    assert not history.has_stalled(rows, patience=0)
