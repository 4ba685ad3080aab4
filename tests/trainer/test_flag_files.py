"""The files of flags: each parses, and so do the commands at its head."""

import pytest

from tests import commands
from trainer import command_line
from trainer.config.data import DataConfig
from trainer.config.model import ModelConfig
from trainer.config.options import with_values
from trainer.config.training import TrainConfig

FILES = sorted((commands.ROOT / "configs").glob("*.flags"))


def trainer_commands(text: str) -> list[list[str]]:
    """Returns the arguments of each command of the trainer in a comment."""
    joined = text.replace("\\\n#", "")
    _, *found = joined.split("python -m trainer.task ")
    return [["task", *after.partition("\n")[0].split()] for after in found]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_flags_of_a_file_make_a_training(path):
    given = command_line.parse(["task", f"--flagfile={path}"]).given
    base = TrainConfig("run", DataConfig("records"), ModelConfig("label_ids"))
    config = with_values(base, given)
    assert config != base


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_commands_at_the_head_of_a_file_parse(path, monkeypatch):
    monkeypatch.chdir(commands.ROOT)
    train, *others = map(command_line.parse, trainer_commands(path.read_text()))
    given = command_line.parse(["task", f"--flagfile={path}"]).given
    assert given.items() <= train.given.items()
    run = train.given["model_dir"]
    assert [other.given["model_dir"] for other in others] == [run] * len(others)
