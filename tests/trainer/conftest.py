"""The records and the run that tests of training share."""

import pytest

from tests import commands, tiny_dataset
from tests.tiny_run import (
    make_config,
    run_training,
)
from trainer import task

NUM_TRAIN, NUM_VAL = 10, 3


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    tiny_dataset.write_dataset(path, NUM_TRAIN, NUM_VAL, (40, 40))
    return str(path)


@pytest.fixture(scope="module")
def whole_run(data_dir, tmp_path_factory):
    model_dir = tmp_path_factory.mktemp("whole")
    assert run_training(make_config(data_dir, model_dir, epochs=3)) == 0
    return model_dir


@pytest.fixture
def refuse(capsys):
    """Runs the command in this process; returns its exit code and line."""

    def run(*arguments) -> tuple[int, str]:
        code = task.main(["task", *arguments])
        err = capsys.readouterr().err
        assert commands.is_one_line(err), err
        return code, err

    return run
