"""Which sizes a network is applied at, by the flags and the run beside it."""

import pytest

from trainer import configure
from trainer.config import saved
from trainer.config.data import DataConfig
from trainer.config.model import ModelConfig
from trainer.config.training import TrainConfig


def checkpoint_in(folder):
    (folder / "best.keras").write_bytes(b"a network")
    return {
        "checkpoint": str(folder / "best.keras"),
        "export_dir": "out",
        "export_formats": ("keras",),
    }


def test_a_networks_sizes_are_those_of_the_run_beside_its_file(
    tmp_path, capsys
):
    data = DataConfig(str(tmp_path / "gone"), resize=(48, 64), crop=(32, 32))
    saved.save(TrainConfig(str(tmp_path), data, ModelConfig("train_ids")))
    given = checkpoint_in(tmp_path)
    config, _ = configure.export(given)
    assert (config.inference.resize, config.inference.crop) == (
        (48, 64),
        (32, 32),
    )
    config, _ = configure.export(given | {"resize": None})
    assert config.inference.resize is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("foreign", [None, '{"model_type": "segformer"}', "?"])
def test_sizes_that_no_run_tells_are_said(tmp_path, capsys, foreign):
    if foreign:
        (tmp_path / "config.json").write_text(foreign)
    given = checkpoint_in(tmp_path)
    config, path = configure.export(given)
    assert config.inference.resize == (280, 280)
    assert capsys.readouterr().err == (
        f"note: no config.json of a run lies beside {path}; it is applied with "
        "--resize=280x280 --crop=256x256: give both if it was trained with "
        "others\n"
    )
    configure.export(given | {"resize": None})
    assert capsys.readouterr().err == ""
