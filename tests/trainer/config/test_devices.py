import dataclasses

import pytest

from tests import tiny_dataset, tiny_run
from trainer import configure
from trainer.config import devices, saved
from trainer.config.devices import DevicesConfig
from trainer.config.flag import ConfigError

TWO = {"coordinator": "10.0.0.1:8476", "num_processes": 2}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"strategy": "both"}, "--strategy=both is not one of auto, single"),
        ({"num_processes": 0}, "--num_processes=0 must be at least 1"),
        ({"num_processes": 2}, "--num_processes=2 needs --coordinator"),
        (TWO | {"process_id": 2}, "--process_id=2 must be from 0 to below --n"),
        (TWO | {"process_id": -1}, "--process_id=-1 must be from 0"),
        ({"process_id": 1}, "--process_id=1 must be .* --num_processes=1"),
        ({"coordinator": "host:1"}, "--coordinator=host:1 needs --num_proc"),
        (TWO | {"coordinator": "host"}, "--coordinator=host must be host:port"),
    ],
)
def test_flags_that_do_not_fit_together_are_refused(options, text):
    with pytest.raises(ConfigError, match=text):
        DevicesConfig(**options)


def test_several_processes_need_jax(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    devices.check_backend()
    with pytest.raises(ConfigError, match="on tensorflow: set KERAS_BACKEND=j"):
        devices.check_backend(DevicesConfig(**TWO))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    devices.check_backend(DevicesConfig(**TWO))


def test_several_devices_need_jax(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    text = "mirrored needs JAX.*tensorflow: run pip install .*jax-cuda.* set"
    with pytest.raises(ConfigError, match=text):
        devices.check_backend(DevicesConfig("mirrored"))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    devices.check_backend(DevicesConfig("mirrored"))


def test_the_backend_is_checked_before_the_run_begins(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    tiny_dataset.write_dataset(tmp_path, 4, 2)
    flags = {"data_dir": str(tmp_path), "model_dir": "run", "resize": (40, 40)}
    with pytest.raises(ConfigError, match="set KERAS_BACKEND=jax"):
        configure.train(flags | {"crop": (32, 32)} | TWO)


def test_a_run_goes_on_with_other_devices_but_not_other_processes(tmp_path):
    config = tiny_run.make_config("data", tmp_path)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step-00000001.npz").touch()
    saved.save(config)
    for options in (
        DevicesConfig("mirrored"),
        DevicesConfig("single"),
    ):
        saved.resumed(dataclasses.replace(config, devices=options))
    with pytest.raises(ConfigError, match="--num_processes was 1 and is 2"):
        saved.resumed(dataclasses.replace(config, devices=DevicesConfig(**TWO)))


def test_a_backend_that_keras_json_names_and_lacks_is_refused(
    tmp_path, monkeypatch
):
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError) as error:
        devices.check_backend()
    assert str(error.value) == (
        f"{tmp_path}/keras.json names the backend jax, which is not "
        'installed; run pip install -c constraints.txt -e ".[jax]" (jax-cuda '
        "for GPUs), or set KERAS_BACKEND=tensorflow"
    )
