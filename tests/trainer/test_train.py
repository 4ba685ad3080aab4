import dataclasses
import json
import math
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from schemas import manifest
from schemas.class_weights import median_frequency
from schemas.labels import files
from schemas.labels.cityscapes import LABEL_IDS
from tests import commands, tiny_dataset
from tests.tiny_run import (
    arguments,
    make_config,
    read_rows,
    run_training,
    same_state,
)
from trainer.config import saved, seen_ids
from trainer.config.data import DataConfig
from trainer.config.encoders import ENCODERS, Encoder
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig, OptimizerConfig
from trainer.data import pipeline, splits
from trainer.data.run_records import open_run
from trainer.engine import checkpoints, divergence, epoch
from trainer.metrics import confusion
from trainer.models.pixels import normalize
from trainer.models.saved import load_network

NUM_VAL = 3  # of `data_dir`


def test_a_run_leaves_models_checkpoints_rows_and_events(whole_run):  # F7
    names = {path.name for path in whole_run.iterdir()}
    assert names == {
        "best.keras",
        "last.keras",
        "checkpoints",
        "classes.json",
        "config.json",
        "hparams",
        "metrics.csv",
        "model_card.md",
        "preview.png",
        "train",
        "val",
    }
    steps = sorted(path.name for path in (whole_run / "checkpoints").iterdir())
    assert steps == [f"step-0000000{step}.npz" for step in (2, 4, 6)]
    rows = read_rows(whole_run)
    assert [(row["epoch"], row["step"]) for row in rows] == [
        ("1", "2"),
        ("2", "4"),
        ("3", "6"),
    ]
    assert rows[-1].pop("val_mean_iou_ema") == "nan"
    assert all(math.isfinite(float(value)) for value in rows[-1].values())
    for part in ("train", "val"):
        [events] = (whole_run / part).iterdir()
        tags = {
            value.tag
            for event in tf.compat.v1.train.summary_iterator(str(events))
            for value in event.summary.value
        }
        assert {"loss", "mean_iou", "pixel_accuracy"} <= tags


def scores_of_saved(data_dir, model_dir):
    """Scores last.keras on the evaluation split, of the ids that it saw."""
    data = DataConfig(data_dir, resize=(40, 40), crop=(32, 32))
    part = open_run(data).evaluation
    source = splits.open_eval(data, part, "", lambda line: None)
    path = f"{model_dir}/last.keras"
    network = keras.saving.load_model(path)
    seen = seen_ids.load(path, LABEL_IDS)
    assert not seen.all()  # void is not
    matrix = confusion.ConfusionMatrix(34, LABEL_IDS.evaluated)
    for images, ids in pipeline.eval_batches(source, (32, 32), 16, 1):
        logits = np.where(seen, network(normalize(images)), -np.inf)
        predicted = np.argmax(logits, -1)
        matrix.update(
            confusion.count_pairs(
                ids.numpy(), predicted.astype(np.uint8), range(34)
            )
        )
    assert matrix.counts.sum() == NUM_VAL * 32 * 32
    return matrix


def test_the_metric_is_that_of_the_saved_model(data_dir, whole_run):  # F8
    matrix = scores_of_saved(data_dir, whole_run)
    row = read_rows(whole_run)[-1]
    assert float(row["val_mean_iou"]) == pytest.approx(matrix.mean_iou(), 1e-4)
    assert float(row["val_pixel_accuracy"]) == pytest.approx(
        matrix.pixel_accuracy(), 1e-4
    )


def test_logits_are_adjusted_in_the_metric_and_the_saved_model(
    data_dir, tmp_path
):
    weighted = LossConfig(class_weights="median_frequency")
    for name, share in (("plain", 0.0), ("adjusted", 0.5)):
        loss = dataclasses.replace(weighted, logit_adjustment=share)
        run_training(
            make_config(data_dir, tmp_path / name, loss=loss, epochs=1)
        )
    matrix = scores_of_saved(data_dir, tmp_path / "adjusted")
    [row] = read_rows(tmp_path / "adjusted")
    assert float(row["val_mean_iou"]) == pytest.approx(matrix.mean_iou(), 1e-4)

    *plain, bias = keras.saving.load_model(
        tmp_path / "plain" / "last.keras"
    ).get_weights()
    *others, adjusted = keras.saving.load_model(
        tmp_path / "adjusted" / "last.keras"
    ).get_weights()
    for some, other in zip(plain, others, strict=True):
        np.testing.assert_array_equal(some, other)
    data = make_config(data_dir, tmp_path).data
    counts = open_run(data).pixel_counts
    weights = median_frequency(*counts, LABEL_IDS.evaluated)
    seen = weights > 0
    np.testing.assert_allclose(
        (bias - adjusted)[seen], np.log(weights[seen]) / 2, atol=1e-6
    )
    np.testing.assert_array_equal(bias[~seen], adjusted[~seen])
    assert same_state(tmp_path / "plain", tmp_path / "adjusted")


def test_a_run_begins_with_the_weights_of_another(data_dir, tmp_path, capsys):
    first = tmp_path / "first"
    optimizer = OptimizerConfig(ema_decay=0.5)
    config = make_config(data_dir, first, epochs=1, optimizer=optimizer)
    run_training(config)
    tuned = tmp_path / "tuned"
    config = make_config(data_dir, tuned, epochs=1, init_from=str(first))
    assert run_training(config) == 0
    assert (
        f"took 134 of 134 variables of {first}/best.keras (averaged)\n"
        in capsys.readouterr().out
    )
    content = json.loads((tuned / "config.json").read_text())
    assert content["init_from"] == str(first)
    [row] = read_rows(tuned)
    assert row["step"] == "2"
    shutil.rmtree(first)
    assert run_training(dataclasses.replace(config, epochs=2)) == 0
    learned = checkpoints.load_latest(str(tuned)).host["learned"]
    assert learned == list(range(18 + 4 + 22 + 1))


def test_the_config_json_beside_a_network_may_be_another_programs(
    data_dir, whole_run, tmp_path, capsys
):
    shutil.copy(whole_run / "best.keras", tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": ["UNet"]}')
    config = make_config(
        data_dir,
        tmp_path / "run",
        epochs=1,
        init_from=f"{tmp_path}/best.keras",
    )
    assert run_training(config) == 0
    assert f"of {tmp_path}/best.keras\n" in capsys.readouterr().out


def test_an_older_run_keeps_predicting_ids_that_it_never_saw(
    data_dir, whole_run, tmp_path
):
    with open(f"{data_dir}/{manifest.FILE_NAME}") as file:
        pixels = json.load(file)["splits"]["train"]["class_pixels"]
    counted = np.where(LABEL_IDS.evaluated, pixels, 0).tolist()
    content = json.loads((whole_run / seen_ids.FILE_NAME).read_text())
    assert content["class_pixels"] == counted
    run_training(make_config(data_dir, tmp_path, epochs=1))
    (tmp_path / seen_ids.FILE_NAME).unlink()
    run_training(make_config(data_dir, tmp_path, epochs=2))
    assert len(read_rows(tmp_path)) == 2
    assert not (tmp_path / seen_ids.FILE_NAME).exists()


def test_a_run_on_two_classes_of_its_own_keeps_their_table(tmp_path):
    table = files.parse("1 2 3 ground\n200 100 50 road\n")
    data_dir = tmp_path / "data"
    tiny_dataset.write_dataset(data_dir, 4, 2, labels=table)
    model = ModelConfig("label_ids", base_filters=2, labels=table)
    config = make_config(data_dir, tmp_path / "run", epochs=1, model=model)
    assert run_training(config) == 0
    assert 0 <= float(read_rows(tmp_path / "run")[0]["val_mean_iou"]) <= 1
    assert saved.load(config.model_dir).model == model
    network = load_network(str(tmp_path / "run" / "best.keras"))
    assert network.space == table.label_ids
    assert network.model.output_shape[-1] == 2


def test_averaged_weights_are_scored_beside_and_saved(data_dir, tmp_path):
    optimizer = OptimizerConfig(ema_decay=0.5)
    config = make_config(data_dir, tmp_path, epochs=1, optimizer=optimizer)
    run_training(config)
    arrays = checkpoints.load_latest(str(tmp_path)).arrays
    saved = keras.saving.load_model(tmp_path / "last.keras").get_weights()
    assert not np.array_equal(arrays["model/000"], saved[0])
    averages = [
        value for name, value in arrays.items() if name.startswith("optimizer")
    ]
    assert any(np.array_equal(value, saved[0]) for value in averages)
    [row] = read_rows(tmp_path)
    assert 0 <= float(row["val_mean_iou_ema"]) <= 1


def test_a_run_learns_from_several_splits_and_data_sets(
    data_dir, tmp_path, capsys
):
    tiny_dataset.write_dataset(tmp_path / "other", 6, 1, (40, 40), native=True)
    config = make_config(f"{data_dir},{tmp_path}/other", tmp_path, epochs=2)
    data = dataclasses.replace(
        config.data, train_split="train,val", data_weights=(1, 0.5)
    )
    runs = [
        dataclasses.replace(config, data=data, model_dir=f"{tmp_path}/{name}")
        for name in ("whole", "parts")
    ]
    assert run_training(runs[0]) == 0
    assert "\nval is trained on too: its scores" in capsys.readouterr().out
    run_training(dataclasses.replace(runs[1], epochs=1))
    run_training(runs[1])
    assert same_state(runs[0].model_dir, runs[1].model_dir)


def test_a_loss_that_is_no_number_stops_the_run(data_dir, tmp_path):
    config = make_config(
        data_dir, tmp_path, optimizer=OptimizerConfig(learning_rate=1e30)
    )
    with pytest.raises(
        divergence.TrainingError, match="at step 2, epoch 1. Begin .* low"
    ):
        run_training(config)
    assert not list(tmp_path.glob("checkpoints/*"))


def test_a_run_of_seed_0_trains(data_dir, tmp_path):
    assert run_training(make_config(data_dir, tmp_path, epochs=1, seed=0)) == 0


def test_the_command_trains_quietly(data_dir, tmp_path):
    done = commands.run(
        "trainer.task", *arguments(data_dir, tmp_path, "--epochs=1")
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "10 frames of train, 2 steps of up to 4 an epoch" in done.stdout
    assert "\nval is scored at 32x32 here, its labels resized" in done.stdout
    assert "epoch 1/1: loss " in done.stdout
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["data"]["crop"] == [32, 32]


def test_a_run_without_progress_stops_early(
    data_dir, tmp_path, monkeypatch, capsys
):
    falling = property(lambda row: 1 / row.epoch)
    monkeypatch.setattr(epoch.Row, "score", falling)
    config = make_config(
        data_dir, tmp_path, epochs=9, early_stopping_patience=2
    )
    for _ in range(2):  # the same command leaves it at that
        assert run_training(config) == 0
        epochs = [row["epoch"] for row in read_rows(tmp_path)]
        assert epochs == ["1", "2", "3"]
        assert (
            "no better val mean IoU for 2 epochs: stopped early\n"
            "best val mean IoU 1.0000" in capsys.readouterr().out
        )


@pytest.mark.parametrize("ignore_void", [True, False])
def test_void_counts_only_where_it_is_asked_for(tmp_path, ignore_void):
    image, ids = tiny_dataset.make_frame(0, (40, 40), LABEL_IDS)
    frames = [(image, np.zeros_like(ids))] * 5  # all unlabeled
    tiny_dataset.write_dataset(tmp_path / "data", 4, 1, frames=frames)
    config = make_config(
        tmp_path / "data",
        tmp_path / "run",
        epochs=1,
        loss=LossConfig(ignore_void=ignore_void),
    )
    run_training(config)
    [row] = read_rows(tmp_path / "run")
    for name in ("loss", "val_loss"):
        assert (float(row[name]) > 0) == (not ignore_void)
    for name in ("mean_iou", "val_mean_iou", "val_pixel_accuracy"):
        assert math.isnan(float(row[name])) == ignore_void


def tiny_encoder(include_top, input_tensor, weights):
    """Builds an encoder of five layers, as those of Keras are built."""
    x = input_tensor
    for number in range(5):
        x = keras.layers.Conv2D(2, 3, strides=2, padding="same")(x)
        x = keras.layers.BatchNormalization(name=f"level{number}")(x)
    return keras.Model(input_tensor, x)


def test_an_encoder_of_rate_0_stays_as_it_is_while_the_decoder_learns(
    data_dir, tmp_path, monkeypatch
):
    features = tuple(f"level{number}" for number in range(5))
    row = Encoder(f"{__name__}:tiny_encoder", features)
    monkeypatch.setitem(ENCODERS, "mobilenet_v2", row)
    model = ModelConfig(
        "label_ids",
        encoder="mobilenet_v2",
        encoder_weights="none",
        encoder_learning_rate=0.0,
        decoder_filters=(4, 4, 4, 4, 4),
    )
    config = make_config(
        data_dir, tmp_path, epochs=1, model=model, save_steps=1
    )
    assert run_training(config) == 0
    first, last = (
        np.load(tmp_path / f"checkpoints/step-0000000{step}.npz")
        for step in (1, 2)
    )
    names = sorted(name for name in first if name.startswith("model/"))
    same = [bool(np.array_equal(first[name], last[name])) for name in names]
    num_encoder = 5 * (2 + 4)  # variables of convolution and normalization
    assert same[:num_encoder] == [True] * num_encoder
    assert not any(same[num_encoder:])
