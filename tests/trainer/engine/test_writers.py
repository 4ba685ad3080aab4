import csv
import io
import math

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.plugins.hparams import metadata as hparams

from schemas import failures
from tests.tiny_run import make_config, make_row
from trainer.config.training import Change
from trainer.engine import writers


def test_the_csv_has_a_row_an_epoch(tmp_path):
    config = make_config("data", tmp_path)
    writers.write_csv(config, [make_row(1), make_row(2)])
    assert (tmp_path / "metrics.csv").read_text() == (
        "epoch,step,learning_rate,loss,pixel_accuracy,mean_iou,val_loss,"
        "val_pixel_accuracy,val_mean_iou,val_mean_iou_ema,images_per_second,"
        "input_wait_share,peak_memory_mb,seconds\n"
        "1,2,0.001,1.5,0.5,0.125,2,0.333333,0.25,nan,10,0,700.5,12.25\n"
        "2,4,0.001,1.5,0.5,0.125,2,0.333333,0.25,nan,10,0,700.5,12.25\n"
    )


def test_the_csv_names_changes_in_the_row_that_they_began_in(tmp_path):
    changes = (
        Change(2, "epochs", "2", "3"),
        Change(3, "batch_size", "4", "2"),
    )
    config = make_config("data", tmp_path, changes=changes)
    writers.write_csv(config, [make_row(1), make_row(2), make_row(3)])
    text = (tmp_path / "metrics.csv").read_text()
    assert [row["changes"] for row in csv.DictReader(io.StringIO(text))] == [
        "",
        "step 2: epochs=3; step 3: batch_size=2",
        "",
    ]


def read_events(folder):
    """Reads (step, tag) → the value of a folder's only event file."""
    [path] = folder.iterdir()
    return {
        (event.step, value.tag): tf.make_ndarray(value.tensor)
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }


def test_events_have_scalars_class_ious_and_the_picture_by_step(tmp_path):
    board = writers.TensorBoard(make_config("data", tmp_path))
    picture = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
    rows = [make_row(1), make_row(2)]
    board.write(rows[:1], {"road": 0.5, "sky": math.nan}, picture)
    board.write(rows, {"road": 0.75, "sky": 0.25})
    train = read_events(tmp_path / "train")
    assert train[2, "loss"] == 1.5 and train[4, "mean_iou"] == 0.125
    val = read_events(tmp_path / "val")
    assert val[2, "loss"] == 2.0 and val[4, "mean_iou"] == 0.25
    assert [val.get((step, "iou/road")) for step in (2, 4)] == [0.5, 0.75]
    assert [val.get((step, "iou/sky")) for step in (2, 4)] == [None, 0.25]
    assert (2, "mean_iou_ema") not in val
    width, height, png = val[2, "frames"]
    assert (width, height) == (b"4", b"2")
    np.testing.assert_array_equal(tf.io.decode_png(png), picture)
    assert (4, "frames") not in val


def read_flags(folder):
    """Reads the flags that a folder's only event file gives, and their run."""
    [path] = folder.iterdir()
    [content] = [
        value.metadata.plugin_data.content
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
        if value.metadata.plugin_data.plugin_name == hparams.PLUGIN_NAME
    ]
    info = hparams.parse_session_start_info_plugin_data(content)
    values = {
        name: getattr(value, value.WhichOneof("kind"))
        for name, value in info.hparams.items()
    }
    return info.group_name, values


def test_events_have_the_flags_that_matter_beside_the_scores(tmp_path):
    board = writers.TensorBoard(make_config("data", tmp_path / "first", seed=7))
    rows = [make_row(1, 0.5), make_row(2, 0.25)]
    board.write(rows[:1], {})
    board.write(rows, {})
    folder = tmp_path / "first" / "hparams"
    name, flags = read_flags(folder)
    assert name == "first"
    wanted = {"seed": 7, "learning_rate": 1e-3, "crop": "32x32"}
    wanted |= {"data_dir": "data", "ignore_void": True, "batch_size": 4}
    assert wanted.items() <= flags.items()
    assert not flags.keys() & {"model_dir", "save_steps", "cache", "labels"}
    scores = read_events(folder)
    best = "best_val_mean_iou"
    assert scores[2, best] == scores[4, best] == 0.5
    assert scores[4, "val_mean_iou"] == 0.25 and scores[4, "val_loss"] == 2


def test_tensorboard_lists_runs_by_their_folders(tmp_path):
    for name, seed in (("first", 1), ("second", 2)):
        config = make_config("data", tmp_path / name, seed=seed)
        board = writers.TensorBoard(config)
        board.write([make_row(1)], {})
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(tmp_path)).Reload()
    assert sorted(multiplexer.Runs()) == [
        f"{name}/{part}"
        for name in ("first", "second")
        for part in ("hparams", "train", "val")
    ]


def test_events_that_cannot_be_written_name_their_folder(tmp_path):
    (tmp_path / "train").touch()
    with pytest.raises(OSError, match=f"^{tmp_path}: ") as error:
        writers.TensorBoard(make_config("data", tmp_path))
    assert not failures.is_out_of_memory(error.value)
    assert "{{" not in str(error.value)
