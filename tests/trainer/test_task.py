import json

import pytest

from tests import commands, tiny_dataset
from trainer.config import saved
from trainer.config.data import AppearanceConfig, DataConfig
from trainer.config.model import ModelConfig
from trainer.config.options import ConfigError
from trainer.config.training import TrainConfig


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    tiny_dataset.write_dataset(path, 2, 1, (48, 48), "train_ids")
    return str(path)


BAD_FLAGS = {
    "--mode=trian": "error: flag --mode=trian: value should be one of",
    "--epohcs=3": "Unknown command line flag 'epohcs'. Did you mean: epochs",
    "train": "error: unexpected argument 'train'",
    "--crop=big": "'big' is not HEIGHTxWIDTH, like 256x256",
    "--crop=40x40": "--crop=40x40: both sides must divide by 16",
    "--crop=64x32": "--crop=64x32 does not fit into --resize=48x48",
    "--crop=none": "--crop=none is no size",
    "--resize=64x64": "--resize=64x64 is larger than the 48x48 pictures of",
    "--label_space=label_ids": "--label_space=label_ids, but",
    "--epochs=0": "--epochs=0 must be at least 1",
    "--learning_rate=0": "--learning_rate=0.0 must be above 0",
    "--model_dir=": "--model_dir is missing",
    "--data_dir=": "--data_dir is missing",
    "--accumulate_steps=5": "--batch_size=32 does not divide into",
    "--profile_steps=9,3": "--profile_steps=9,3 must be the first and the",
    "--brightness=-1": "--brightness=-1.0 must be from 0 to 10",
    "--coarse_dropout=2.5": "flag --coarse_dropout=2.5: invalid literal",
    "--coarse_dropout_size=0.2": "--coarse_dropout_size=0.2 must be the sh",
    "--tensorboard_pictures=-1": "--tensorboard_pictures=-1 must be from 0",
    "--strategy=all": "flag --strategy=all: value should be one of",
    "--num_processes=2": "--num_processes=2 needs --coordinator",
    "--process_id=1": "--process_id=1 must be from 0 to below --num_proce",
    "--profile_steps=a": "flag --profile_steps=a: invalid literal",
}


@pytest.mark.parametrize("flag", BAD_FLAGS)
def test_bad_flags_are_answered_at_once_in_one_line(data_dir, tmp_path, flag):
    done = commands.run(
        "trainer.task",
        f"--data_dir={data_dir}",
        f"--model_dir={tmp_path}",
        "--resize=48x48",
        "--crop=32x32",
        flag,
    )
    assert done.returncode == 2
    assert commands.is_one_line(done.stderr), done.stderr
    assert BAD_FLAGS[flag] in done.stderr
    assert done.seconds < 3


def test_a_label_space_that_does_not_fit_names_both(data_dir, tmp_path):
    done = commands.run(
        "trainer.task",
        f"--data_dir={data_dir}",
        f"--model_dir={tmp_path}",
        "--label_space=label_ids",
        "--resize=48x48",
        "--crop=32x32",
    )
    assert f"--label_space=label_ids, but {data_dir} holds train_ids" in (
        done.stderr
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda path: (path / "manifest.json").unlink(), "does not exist"),
        (
            lambda path: (path / "val-00000-of-00002.tfrecord").unlink(),
            "first: val-00000-of-00002.tfrecord is missing",
        ),
        (
            lambda path: (path / "train-00001-of-00002.tfrecord").write_text(
                "short"
            ),
            "1 of 2 shards of 'train'",
        ),
    ],
)
def test_a_data_set_that_is_not_whole_is_refused(tmp_path, damage, text):
    tiny_dataset.write_dataset(tmp_path, 2, 1, (48, 48))
    damage(tmp_path)
    done = commands.run(
        "trainer.task",
        f"--data_dir={tmp_path}",
        "--model_dir=unused",
        "--resize=48x48",
        "--crop=32x32",
    )
    assert done.returncode == 1
    assert commands.is_one_line(done.stderr)
    assert text in done.stderr
    assert done.seconds < 3


def test_changed_flags_are_refused_with_both_values(data_dir, tmp_path):
    data = DataConfig(data_dir, resize=(48, 48), crop=(32, 32))
    config = TrainConfig(str(tmp_path), data, ModelConfig("train_ids"))
    saved.save(config)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step-00000001.npz").touch()
    done = commands.run(
        "trainer.task",
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
    assert done.returncode == 2
    assert (
        "--resize was 48x48 and is none, --brightness was 0.0 and is 0.2, "
        "--coarse_dropout_size was 0.1,0.2 and is 0.1,0.3, --learning_rate "
        "was 0.001 and is 0.01" in done.stderr
    )
    assert "--tensorboard_pictures" not in done.stderr
    assert "--epochs" not in done.stderr


def test_the_configuration_comes_back_from_json(tmp_path):
    data = DataConfig(
        "somewhere",
        resize=None,
        crop=(32, 64),
        appearance=AppearanceConfig(
            0.1, 0.2, 0.3, coarse_dropout=4, coarse_dropout_size=(0.1, 0.5)
        ),
        cache="none",
    )
    config = TrainConfig(
        str(tmp_path), data, ModelConfig("train_ids", 8), epochs=7
    )
    saved.save(config)
    assert saved.load(str(tmp_path)) == config
    assert saved.load(str(tmp_path / "nowhere")) is None


def test_a_damaged_configuration_is_named(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"model_dir": "x", "speed": 3}))
    with pytest.raises(ConfigError, match=f"{path} is no run's"):
        saved.load(str(tmp_path))
