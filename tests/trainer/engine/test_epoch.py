import math

import numpy as np
import pytest
import tensorflow as tf

from trainer.engine import epoch as history
from trainer.engine.epoch import Row, Scores


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


def read_events(folder):
    """Reads (step, tag) → the value of a folder's only event file."""
    [path] = folder.iterdir()
    return {
        (event.step, value.tag): tf.make_ndarray(value.tensor)
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }


def test_events_have_scalars_class_ious_and_the_picture(tmp_path):
    board = history.TensorBoard(str(tmp_path))
    picture = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    board.write(make_row(1), {"road": 0.5, "sky": math.nan}, picture)
    board.write(make_row(2), {"road": 0.75, "sky": 0.25})
    train = read_events(tmp_path / "tensorboard" / "train")
    assert train[1, "loss"] == 1.5 and train[2, "mean_iou"] == 0.125
    val = read_events(tmp_path / "tensorboard" / "val")
    assert val[1, "loss"] == 2.0 and val[2, "mean_iou"] == 0.25
    assert [val.get((step, "iou/road")) for step in (1, 2)] == [0.5, 0.75]
    assert [val.get((step, "iou/sky")) for step in (1, 2)] == [None, 0.25]
    assert (1, "mean_iou_ema") not in val
    width, height, png = val[1, "frames"]
    assert (width, height) == (b"4", b"2")
    np.testing.assert_array_equal(tf.io.decode_png(png), picture)
    assert (2, "frames") not in val
