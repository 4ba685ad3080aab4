import os
import platform

import pytest

from trainer.backends import tensorflow_settings

NAMES = ("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS")


def use_defaults(
    monkeypatch: pytest.MonkeyPatch, machine: str, **given: str
) -> list[str | None]:
    """Returns the variables' values on a machine, of those given before."""
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(os, "environ", dict(given))
    tensorflow_settings.use_defaults()
    return [os.environ.get(name) for name in NAMES]


@pytest.mark.parametrize("machine", ["x86_64", "AMD64"])
def test_x86_takes_onednn_whatever_the_processor(monkeypatch, machine):
    assert use_defaults(monkeypatch, machine) == ["2", "1"]


def test_other_processors_keep_what_tensorflow_chooses(monkeypatch):
    assert use_defaults(monkeypatch, "aarch64") == ["2", None]


def test_what_is_set_stays(monkeypatch):
    given = {"TF_CPP_MIN_LOG_LEVEL": "0", "TF_ENABLE_ONEDNN_OPTS": "0"}
    assert use_defaults(monkeypatch, "x86_64", **given) == ["0", "0"]
