"""Tests that a run that was stopped goes on as if it had not been."""

import dataclasses
import shutil
import signal

import numpy as np
import pytest

from schemas import manifest
from tests import commands, tiny_dataset
from tests.tiny_run import (
    arguments,
    make_config,
    read_rows,
    run_training,
    same_state,
)
from trainer.config import saved
from trainer.config.model import ModelConfig
from trainer.config.optimization import OptimizerConfig
from trainer.data.loader import RunData
from trainer.engine import checkpoints, loop, validation
from trainer.models import efficientnet_lite


def test_a_run_goes_on_as_if_it_had_not_stopped(
    data_dir, whole_run, tmp_path, monkeypatch
):
    config = make_config(data_dir, tmp_path, epochs=3, save_steps=1)

    class PowerCut(BaseException):  # KeyboardInterrupt may be a real one
        pass

    def fail(*args):
        raise PowerCut

    with monkeypatch.context() as patch:  # before the first epoch's scores
        patch.setattr(validation.Validation, "score", fail)
        with pytest.raises(PowerCut):
            run_training(config)
    assert checkpoints.load_latest(str(tmp_path), pytest.fail).step == 2
    assert run_training(config) == 0
    assert same_state(tmp_path, whole_run)
    numbers = [
        [float(row[name]) for name in ("loss", "mean_iou", "val_mean_iou")]
        for folder in (tmp_path, whole_run)
        for row in read_rows(folder)
    ]
    assert numbers[:3] == numbers[3:]


def test_an_encoder_is_frozen_for_epochs_whenever_a_run_is_stopped(
    data_dir, tmp_path
):
    whole = tmp_path / "whole"

    def config_of(model_dir):
        config = make_config(
            data_dir, model_dir, save_steps=1, keep_checkpoints=9
        )
        model = ModelConfig(
            "label_ids",
            encoder="efficientnet_lite0",
            encoder_weights="none",
            freeze_encoder_epochs=1,
            decoder_filters=(4, 4, 4, 4, 4),
        )
        return dataclasses.replace(
            config,
            model=model,
            optimizer=OptimizerConfig(ema_decay=0.9),
            mixed_precision="float32",
        )

    assert run_training(config_of(whole)) == 0
    for step in (1, 3):
        other = tmp_path / f"stopped-{step}"
        (other / "checkpoints").mkdir(parents=True)
        shutil.copy(whole / "config.json", other)
        name = f"checkpoints/step-{step:08d}.npz"
        shutil.copy(whole / name, other / name)
        assert run_training(config_of(other)) == 0
        assert same_state(other, whole)
    kernels = [
        np.load(whole / f"checkpoints/step-{step:08d}.npz")["model/000"]
        for step in (1, 2, 3)
    ]
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[1], kernels[2])


def test_a_resumed_run_reads_no_file_of_its_encoders_weights(
    data_dir, tmp_path, monkeypatch
):
    """Its checkpoint alone tells what was learned elsewhere, too."""
    weights = tmp_path / "encoder.pth"
    weights.touch()
    model = ModelConfig(
        "label_ids",
        encoder="efficientnet_lite0",
        encoder_weights=str(weights),
        decoder_filters=(4, 4, 4, 4, 4),
    )
    config = dataclasses.replace(
        make_config(data_dir, tmp_path, epochs=1, mixed_precision="float32"),
        model=model,
    )
    with monkeypatch.context() as patch:
        patch.setattr(efficientnet_lite, "_load", lambda *_: None)
        assert run_training(config) == 0
    weights.unlink()
    assert run_training(dataclasses.replace(config, epochs=2)) == 0
    learned = checkpoints.load_latest(str(tmp_path)).host["learned"]
    assert learned == list(range(2 * 48))


def test_a_run_goes_on_with_another_batch_size_and_rate(data_dir, tmp_path):
    first = make_config(data_dir, tmp_path / "run", epochs=1, save_steps=1)
    assert run_training(first) == 0
    # As if it had been stopped after its first step, of 4 of 10 frames.
    (tmp_path / "run/checkpoints/step-00000002.npz").unlink()
    declared = dataclasses.replace(
        first,
        epochs=2,
        batch_size=3,
        optimizer=OptimizerConfig(learning_rate=0.01),
        allow_changes=("learning_rate", "batch_size"),
    )
    assert run_training(saved.resumed(declared)) == 0
    rows = read_rows(tmp_path / "run")
    # 6 frames are left, 2 steps; the second epoch has 3.
    assert [row["step"] for row in rows] == ["3", "6"]
    assert [row["learning_rate"] for row in rows] == ["0.01", "0.01"]
    assert [row["changes"] for row in rows] == [
        "step 1: batch_size=3; step 1: learning_rate=0.01; step 1: epochs=2",
        "",
    ]
    again = tmp_path / "again"
    (again / "checkpoints").mkdir(parents=True)
    shutil.copy(tmp_path / "run/config.json", again)
    name = "checkpoints/step-00000004.npz"
    shutil.copy(tmp_path / "run" / name, again / name)
    config = saved.load(str(again))
    assert run_training(saved.resumed(config)) == 0
    assert same_state(again, tmp_path / "run")


def test_the_best_model_is_not_forgotten(data_dir, tmp_path):
    config = make_config(data_dir, tmp_path, epochs=1)
    run_training(config)
    checkpoint = checkpoints.load_latest(str(tmp_path))
    checkpoint.host["rows"][0]["val_mean_iou"] = 0.99
    checkpoints.save(str(tmp_path), checkpoint, 3)
    before = (tmp_path / "best.keras").read_bytes()
    run_training(make_config(data_dir, tmp_path, epochs=2))
    assert (tmp_path / "best.keras").read_bytes() == before
    assert checkpoints.load_latest(str(tmp_path)).host["best"] == 0.99


def test_a_finished_run_opens_no_frame(data_dir, whole_run, monkeypatch):
    for name in ("verify", "train_batches", "eval_batches"):
        monkeypatch.setattr(RunData, name, pytest.fail)
    assert run_training(make_config(data_dir, whole_run, epochs=3)) == 0
    assert len(read_rows(whole_run)) == 3


def test_other_records_are_refused(data_dir, tmp_path):
    run_training(make_config(data_dir, tmp_path, epochs=1))
    other = tmp_path / "other"
    tiny_dataset.write_dataset(other, 8, 2, (40, 40))
    with pytest.raises(checkpoints.CheckpointError, match="learned from rec"):
        run_training(make_config(str(other), tmp_path, epochs=2))


def test_a_data_set_that_is_converted_again_meanwhile_stops_the_run(
    tmp_path, monkeypatch
):
    data_dir, model_dir = tmp_path / "data", tmp_path / "run"
    tiny_dataset.write_dataset(data_dir, 4, 2, (40, 40))
    score = validation.Validation.score

    def convert_again(self, updates):
        if updates.num_all > 1:
            tiny_dataset.write_dataset(data_dir, 4, 3, (40, 40))
        return score(self, updates)

    monkeypatch.setattr(validation.Validation, "score", convert_again)
    with pytest.raises(
        manifest.ManifestError, match="'val' holds other records"
    ):
        run_training(make_config(data_dir, model_dir, epochs=3))
    assert checkpoints.load_latest(str(model_dir)).step == 1
    assert [row["epoch"] for row in read_rows(model_dir)] == ["1"]


def test_sigterm_saves_and_asks_to_run_again(data_dir, tmp_path):
    flags = arguments(data_dir, tmp_path / "stopped", "--epochs=400")
    process = commands.start("trainer.task", *flags)
    for line in process.stdout:
        if line.startswith("epoch 3"):
            break
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == loop.EXIT_AGAIN
    assert "stopped and saved at step" in out
    stopped = checkpoints.load_latest(str(tmp_path / "stopped"))
    num_epochs = 1 + stopped.step // 2
    for name in ("stopped", "whole"):
        config = make_config(data_dir, tmp_path / name, epochs=num_epochs)
        assert run_training(config) == 0
    assert same_state(tmp_path / "stopped", tmp_path / "whole")
    rows = read_rows(tmp_path / "stopped")
    assert [int(row["epoch"]) for row in rows] == [*range(1, num_epochs + 1)]
