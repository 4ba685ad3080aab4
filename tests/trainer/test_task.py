import dataclasses
import importlib
import json
import re

import pytest

from schemas.labels import files
from schemas.labels.cityscapes import CITYSCAPES
from tests import commands, tiny_dataset
from trainer import configure, task
from trainer.backends import devices
from trainer.config import saved
from trainer.config.data import DataConfig
from trainer.config.inference import MODES
from trainer.config.model import ModelConfig
from trainer.config.options import all_flags
from trainer.config.training import TrainConfig


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    tiny_dataset.write_dataset(path, 2, 1, (48, 48), "train_ids")
    return str(path)


BAD_FLAGS = {
    "--mode=trian": "error: flag --mode=trian: value should be one of",
    "--epohcs=3": "error: unknown flag --epohcs; did you mean --epochs?",
    "train": "error: unexpected argument 'train'",
    "--crop=big": "'big' is not HEIGHTxWIDTH, like 256x256",
    "--crop=40x40": "--crop=40x40: both sides must divide by 16",
    "--crop=64x32": "--crop=64x32 does not fit into --resize=48x48",
    "--crop=none": "--crop=none is not a size",
    "--resize=64x64": "--resize=64x64 is larger than the 48x48 pictures of",
    "--label_space=label_ids": "--label_space=label_ids, but",
    "--label_space=trainids": "=trainids is not one of label_ids, train_ids",
    "--epochs=0": "--epochs=0 must be at least 1",
    "--learning_rate=0": "--learning_rate=0.0 must be above 0",
    "--model_dir=": "--model_dir is missing",
    "--data_dir=": "--data_dir is missing",
    "--init_from=": "--init_from=: no path; give one, or leave the flag out",
    "--accumulate_steps=5": "--batch_size=32 does not divide into",
    "--profile_steps=9,3": "must be 2 rising numbers at least 1, like 10,15",
    "--brightness=-1": "--brightness=-1.0 must be at least 0 and at most 10",
    "--coarse_dropout=2.5": "flag --coarse_dropout=2.5: invalid literal",
    "--coarse_dropout_size=0.2": "=0.2 must be 2 rising numbers above 0 and at",
    "--tensorboard_pictures=-1": "=-1 must be at least 0 and at most 64",
    "--strategy=all": "--strategy=all is not one of auto, single, mirrored",
    "--num_processes=2": "--num_processes=2 needs --coordinator",
    "--base_filters=20000": "--base_filters=20000 must be at least 1 and at",
    "--seed=100000000000000000000": "must be at least 0 and at most 4294967295",
    "--learning_rate=nan": "--learning_rate=nan must be above 0",
    "--clip_norm=inf": "--clip_norm=inf must be at least 0",
    "--crop=99968x99968": "each side from 1 to 32768 pixels",
    "--remat=perhaps": "--remat=perhaps",
    "--process_id=1": "--process_id=1 must be from 0 to below --num_proce",
    "--encoder_learning_rate=0.1": "=0.1 does nothing without an encoder; leav",
    "--decoder_filters=8,8,8,8,8": "does nothing without an encoder; leave it",
    "--focal_gamma=3": "=3.0 does nothing with --loss=cross_entropy; leave it",
    "--momentum=0.5": "=0.5 does nothing with --optimizer=adam; leave it out, ",
    "--profile_steps=a": "flag --profile_steps=a: invalid literal",
}


@pytest.mark.parametrize("flag", BAD_FLAGS)
def test_bad_flags_are_answered_in_one_line(data_dir, tmp_path, refuse, flag):
    code, line = refuse(
        f"--data_dir={data_dir}",
        f"--model_dir={tmp_path}",
        "--resize=48x48",
        "--crop=32x32",
        flag,
    )
    assert code == 2
    assert BAD_FLAGS[flag] in line


def test_a_crop_is_told_what_its_own_network_divides_by(
    data_dir, tmp_path, refuse
):
    code, line = refuse(
        f"--data_dir={data_dir}",
        f"--model_dir={tmp_path}",
        "--resize=48x48",
        "--encoder=efficientnet_lite0",
        "--crop=40x40",
    )
    assert code == 2
    assert "--crop=40x40: both sides must divide by 32" in line


def test_bad_flags_are_answered_before_the_slow_imports(data_dir, tmp_path):
    imported = commands.imported(
        "trainer.task",
        f"--data_dir={data_dir}",
        f"--model_dir={tmp_path}",
        "--crop=none",
    )
    assert "trainer.configure" in imported
    assert not imported & {"keras", "tensorflow"}


OF_ANOTHER_MODE = {
    ("train", "--checkpoint=x.keras"): "evaluate and --mode=predict and",
    ("evaluate", "--submission=x.zip"): "--mode=predict and does nothing",
    (
        "predict",
        "--epochs=3",
    ): "--mode=train and does nothing in --mode=predict",
    ("export", "--limit=3"): "--mode=predict and does nothing",
}


@pytest.mark.parametrize(("mode", "flag"), OF_ANOTHER_MODE)
def test_a_flag_of_another_mode_is_refused(refuse, mode, flag):
    code, line = refuse(f"--mode={mode}", "--model_dir=nowhere", flag)
    assert code == 2
    assert f"error: {flag.partition('=')[0]} belongs to --mode=" in line
    assert OF_ANOTHER_MODE[mode, flag] in line


def test_help_lists_each_flag_once_below_the_modes_that_take_it(capsys):
    assert task.main(["task", "--help"]) == 0
    text = capsys.readouterr().out
    sections = re.split(r"\n--mode=(.*)\n", text)[1:]
    listed = [
        (name, tuple(re.findall(r"train|evaluate|predict|export", heading)))
        for heading, flags in zip(sections[::2], sections[1::2], strict=True)
        for name in re.findall(r"^ {4}--(\w+)=\S+$", flags, re.MULTILINE)
    ]
    taken = {}
    for mode, config in MODES.items():
        for name in all_flags(config):
            taken[name] = (*taken.get(name, ()), mode)
    assert sorted(listed) == sorted(taken.items())
    assert max(map(len, text.splitlines())) < 80


def test_help_says_what_each_mode_makes_of_a_flag(capsys):
    task.main(["task", "--help"])
    text = capsys.readouterr().out
    _, _, after = text.partition("--batch_size=INT\n")
    first, second, *_ = after.splitlines()
    assert first.startswith("        train: Batch size, of all devices and ")
    assert first.endswith("; default 32.")
    assert second.startswith("        evaluate, predict: Crops' worth")


@pytest.mark.parametrize("mode", ["evaluate", "predict", "export"])
def test_a_network_is_applied_on_a_device_that_was_readied(mode, monkeypatch):
    events = []
    module = importlib.import_module(f"trainer.{mode}")
    monkeypatch.setitem(configure.MODES, mode, lambda given: ())
    monkeypatch.setattr(devices, "find_device", lambda: events.append("device"))
    monkeypatch.setattr(module, "run", lambda: events.append("run"))
    assert task._run_mode(mode, {}) == 0
    assert events == ["device", "run"]


def test_flags_come_from_files_too(data_dir, tmp_path, refuse):
    path = tmp_path / "my.flags"
    path.write_text("# a comment\n--epochs=0\n")
    code, line = refuse(
        f"--flagfile={path}",
        f"--data_dir={data_dir}",
        "--resize=48x48",
        "--crop=32x32",
        f"--model_dir={tmp_path}",
    )
    assert code == 2 and line.startswith("error: --epochs=0 must be at least 1")
    code, line = refuse("--flagfile=no.flags")
    assert code == 2 and "=no.flags cannot be read: No such file" in line


def test_a_leading_tilde_is_the_home_folder(tmp_path, monkeypatch, refuse):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    code, line = refuse("--data_dir=~/records", "--model_dir=~/run")
    assert code == 1
    assert f"{tmp_path}/records/manifest.json does not exist" in line
    assert not list(tmp_path.iterdir())


def test_a_file_of_weights_may_lie_below_the_home_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")
    flag = all_flags(TrainConfig)["encoder_weights"]
    assert flag.parse("~/weights.h5") == "/home/ann/weights.h5"
    assert flag.parse("imagenet") == "imagenet"


def test_the_model_dir_alone_resumes_a_run(data_dir, tmp_path):
    data = DataConfig(data_dir, resize=(48, 48), crop=(32, 32))
    config = TrainConfig(str(tmp_path), data, ModelConfig("train_ids"))
    saved.save(config)
    given = {"model_dir": str(tmp_path), "keep_checkpoints": 5}
    resumed, _ = configure.train(given)
    assert resumed == dataclasses.replace(config, keep_checkpoints=5)


BACKENDS = {
    "torch": "KERAS_BACKEND=torch, but the trainer runs on tensorflow or jax",
    "typo": "KERAS_BACKEND=typo, but the trainer runs on tensorflow or jax",
}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_without_a_step_is_refused(
    data_dir, tmp_path, monkeypatch, refuse, backend
):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    sizes = ("--resize=48x48", "--crop=32x32")
    code, line = refuse(
        f"--data_dir={data_dir}", f"--model_dir={tmp_path}", *sizes
    )
    assert code == 2
    assert BACKENDS[backend] in line
    assert "set KERAS_BACKEND=tensorflow" in line


def test_a_label_space_that_does_not_fit_names_both(data_dir, tmp_path, refuse):
    _, line = refuse(
        f"--data_dir={data_dir}",
        f"--model_dir={tmp_path}",
        "--label_space=label_ids",
        "--resize=48x48",
        "--crop=32x32",
    )
    assert f"--label_space=label_ids, but {data_dir} holds train_ids" in line
    assert not list(tmp_path.iterdir())


def test_a_run_is_not_resumed_with_other_classes(tmp_path, refuse):
    before, now = (
        files.parse(f"0 0 0 ground\n1 1 1 {name}\n")
        for name in ("tram", "tree")
    )
    data_dir, model_dir = str(tmp_path / "data"), str(tmp_path / "run")
    tiny_dataset.write_dataset(data_dir, 2, 1, (48, 48), labels=now)
    data = DataConfig(data_dir, resize=(48, 48), crop=(32, 32))
    model = ModelConfig("label_ids", labels=before)
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / "checkpoints" / "step-00000001.npz").touch()
    saved.save(TrainConfig(model_dir, data, model))
    assert saved.load(model_dir).model == model
    flags = f"--data_dir={data_dir}", "--resize=48x48", "--crop=32x32"
    for given in (flags, ()):  # The run's own flags name the same data.
        code, line = refuse(*given, f"--model_dir={model_dir}")
        assert code == 2
        assert "has other classes than the run in" in line
        assert (
            "id 1 is 'tree' of train id 1 here and 'tram' of train id 1 there"
            in line
        )


def test_a_run_on_cityscapes_names_no_table(data_dir, tmp_path):
    data = DataConfig(data_dir, resize=(48, 48), crop=(32, 32))
    saved.save(TrainConfig(str(tmp_path), data, ModelConfig("train_ids")))
    content = json.loads((tmp_path / "config.json").read_text())
    assert "labels" not in content["model"]
    assert saved.load(str(tmp_path)).model.labels == CITYSCAPES


def test_changed_flags_are_refused_with_both_values(data_dir, tmp_path, refuse):
    data = DataConfig(data_dir, resize=(48, 48), crop=(32, 32))
    config = TrainConfig(str(tmp_path), data, ModelConfig("train_ids"))
    saved.save(config)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step-00000001.npz").touch()
    code, line = refuse(
        f"--data_dir={data_dir}",
        f"--model_dir={tmp_path}",
        "--resize=none",
        "--crop=32x32",
        "--learning_rate=0.01",
        "--brightness=0.2",
        "--coarse_dropout_size=0.1,0.3",
        "--tensorboard_pictures=0",
        "--epochs=99",
    )
    assert code == 2
    assert (
        "--resize was 48x48 and is none, --brightness was 0.0 and is 0.2, "
        "--coarse_dropout_size was 0.1,0.2 and is 0.1,0.3, --learning_rate "
        "was 0.001 and is 0.01" in line
    )
    assert "--tensorboard_pictures" not in line
    assert "--epochs" not in line
