import dataclasses
import json
from pathlib import Path

import pytest

from tests import tiny_run
from trainer import task
from trainer.config import saved
from trainer.config.data import AppearanceConfig, DataConfig
from trainer.config.flag import ConfigError
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig, OptimizerConfig
from trainer.config.training import Change, TrainConfig


@pytest.fixture
def run(tmp_path):
    """The configuration of a run that has a checkpoint."""
    config = tiny_run.make_config("data", tmp_path, mixed_precision="bfloat16")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step-00000001.npz").touch()
    saved.save(config)
    return config


def change(config, **options):
    return saved.resumed(dataclasses.replace(config, **options))


def test_a_configuration_comes_back_as_it_was(run):
    changed = dataclasses.replace(
        run, changes=(Change(3, "batch_size", "4", "2"),)
    )
    saved.save(changed)
    assert saved.load(run.model_dir) == changed
    assert changed.first_batch_size == 4


def test_what_may_be_declared_is_refused_with_how_to_declare_it(run):
    optimizer = OptimizerConfig(learning_rate=0.01)
    with pytest.raises(ConfigError) as error:
        change(run, optimizer=optimizer, batch_size=2)
    assert str(error.value) == (
        f"{run.model_dir} holds a run with other flags: --batch_size was 4 "
        "and is 2, --learning_rate was 0.001 and is 0.01; give the old ones to "
        "resume it, or --allow_changes=batch_size,learning_rate to resume it "
        "with the new ones"
    )
    with pytest.raises(
        ConfigError, match="flags: --batch_size was 4 and is 2; "
    ):
        change(
            run,
            optimizer=optimizer,
            batch_size=2,
            allow_changes=("learning_rate",),
        )


@pytest.mark.parametrize(
    "options",
    [
        {"model": "base_filters"},
        {"data": "train_split"},
        {"init_from": "other"},
    ],
)
def test_what_makes_another_run_is_refused_with_other_remedies(run, options):
    if "model" in options:
        options = {"model": dataclasses.replace(run.model, base_filters=3)}
    if "data" in options:
        options = {"data": dataclasses.replace(run.data, train_split="val")}
    with pytest.raises(ConfigError, match="another --model_dir .* run$"):
        change(run, **options)
    (Path(run.model_dir) / "best.keras").touch()
    with pytest.raises(
        ConfigError,
        match=f"another --model_dir .*with --init_from={run.model_dir}, by",
    ):
        change(run, **options)


def test_declared_changes_are_recorded_with_their_step(run):
    declared = dataclasses.replace(
        run,
        data=dataclasses.replace(
            run.data, appearance=AppearanceConfig(contrast=0.5)
        ),
        loss=LossConfig("focal"),
        epochs=9,
        allow_changes=("contrast", "loss"),
    )
    config = saved.with_changes(saved.resumed(declared), step=7)
    assert config.changes == (
        Change(7, "contrast", "0.0", "0.5"),
        Change(7, "loss", "cross_entropy", "focal"),
        Change(7, "epochs", "2", "9"),
    )
    saved.save(config)
    content = json.loads(open(f"{run.model_dir}/config.json").read())
    assert content["allow_changes"] == []
    assert content["changes"][0] == {
        "step": 7,
        "flag": "contrast",
        "before": "0.0",
        "after": "0.5",
    }
    # The same command again has nothing to add; an older checkpoint than the
    # change means that it begins there.
    again = saved.with_changes(saved.resumed(declared), step=5)
    assert [one.step for one in again.changes] == [5, 5, 5]
    assert len(again.changes) == 3


def test_a_run_that_begins_anew_carries_no_changes(run):
    (Path(run.model_dir) / "checkpoints/step-00000001.npz").unlink()
    changed = (Change(3, "batch_size", "4", "2"),)
    assert change(run, changes=changed).changes == ()


def test_only_what_fits_a_runs_variables_may_be_declared(run):
    with pytest.raises(
        ConfigError, match="--allow_changes=encoder is not one of batch_size, l"
    ):
        dataclasses.replace(run, allow_changes=("batch_size", "encoder"))


def test_a_begun_run_takes_what_a_lack_of_memory_suggests(run):
    advice = task._ADVICE["train"].memory.partition(";")[0]
    assert advice.endswith(
        "resume with --remat, or a smaller --batch_size with "
        "--allow_changes=batch_size"
    )
    smaller = change(
        run, remat=True, batch_size=2, allow_changes=("batch_size",)
    )
    assert smaller.batch_size == 2


def test_auto_is_what_the_run_has_settled_on(run):
    assert change(run, mixed_precision="auto").mixed_precision == "bfloat16"
    with pytest.raises(ConfigError, match="was bfloat16 and is float32"):
        change(run, mixed_precision="float32")


def test_a_new_run_needs_the_network_that_it_begins_from(tmp_path):
    config = tiny_run.make_config("data", tmp_path / "run")
    with pytest.raises(FileNotFoundError, match="nowhere/best.keras does not"):
        change(config, init_from="nowhere")
    with pytest.raises(FileNotFoundError, match="x.keras does not exist: give"):
        change(config, init_from=str(tmp_path / "x.keras"))


def test_a_run_that_has_begun_does_not_look_for_it_again(run):
    begun = dataclasses.replace(run, init_from="gone")
    saved.save(begun)
    assert saved.resumed(begun) == begun


def test_a_first_checkpoint_that_was_never_finished_locks_no_flag(run):
    folder = Path(run.model_dir, "checkpoints")
    left = folder / f"step-00000001.{16 * 'a'}.partial.npz"
    (folder / "step-00000001.npz").rename(left)
    assert change(run, batch_size=2).batch_size == 2


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
    with pytest.raises(ConfigError, match=f"{path} is not the conf"):
        saved.load(str(tmp_path))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"epochs": "many"}', "[]", '{"data": 3}', "{"]
)
def test_an_edited_configuration_is_one_line(tmp_path, refuse, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    code, line = refuse("--mode=evaluate", f"--model_dir={tmp_path}")
    assert code == 2
    assert f"{path} is not the configuration of a run" in line
