import math

import keras
import numpy as np
import pytest

from tests import tiny_dataset
from tests.tiny_run import make_config, read_rows, run_training
from trainer.backends.build import build_stepper
from trainer.backends.step import StepOptions
from trainer.engine import build as building
from trainer.engine import checkpoints, divergence


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    tiny_dataset.write_dataset(path, 10, 3, (40, 40))
    return str(path)


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_is_named_with_its_step(loss, tmp_path):
    run = str(tmp_path)
    text = f"the loss is {loss} at step 7, epoch 2. Begin another run with"
    with pytest.raises(divergence.TrainingError, match=text):
        divergence.check_loss(loss, 7, 2, run)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/step-00000006.npz").touch()
    text = f"epoch 2; the checkpoints in {run} are from before. Begin another"
    with pytest.raises(divergence.TrainingError, match=text):
        divergence.check_loss(loss, 7, 2, run)
    divergence.check_loss(0.0, 7, 2, run)


def small_stepper():
    inputs = keras.Input((4, 4, 3))
    layer = keras.layers.BatchNormalization()
    model = keras.Model(inputs, layer(inputs))
    optimizer = keras.optimizers.Adam()
    loss = None  # never called
    return build_stepper(model, optimizer, loss, StepOptions())


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("number", [0, 2, -1])  # gamma, mean, Adam's last
def test_one_bad_value_anywhere_is_enough(value, number):
    steps = small_stepper()
    divergence.check_variables(steps, 3, 1, "run")
    variables = [*steps.model.variables, *steps.optimizer.variables]
    variables[number].assign([1.0, value, 1.0])
    with pytest.raises(divergence.TrainingError, match="after step 3, epoch 1"):
        divergence.check_variables(steps, 3, 1, "run")


def break_step(monkeypatch, step, break_down):
    """Lets a run's steps go by; at one of them, something breaks down."""
    build = building.build_training

    def build_breaking(*args):
        steps = build(*args)
        numbers = iter(range(1, 100))
        work = steps.train

        def train_and_break(images, labels):
            result = work(images, labels)
            if next(numbers) == step:
                result = break_down(steps, result)
            return result

        steps.train = train_and_break
        return steps

    monkeypatch.setattr(building, "build_training", build_breaking)


def lose(steps, result):
    return result._replace(loss=np.float32(np.nan))


def spoil(steps, result):
    steps.model.trainable_variables[-1].assign(np.full(34, np.nan))
    return result


@pytest.mark.parametrize(
    ("break_down", "text"),
    [
        (lose, "the loss is nan at step 3, epoch 2"),
        (spoil, "the weights are not finite after step 3, epoch 2"),
    ],
)
def test_the_last_good_checkpoint_stays(
    data_dir, tmp_path, monkeypatch, break_down, text
):
    run_training(make_config(data_dir, tmp_path, epochs=1))
    good = {
        path: path.read_bytes()
        for path in [
            *tmp_path.glob("checkpoints/*"),
            tmp_path / "best.keras",
            tmp_path / "last.keras",
        ]
    }
    with monkeypatch.context() as patch:
        break_step(patch, 1, break_down)  # the first step after the resume
        with pytest.raises(divergence.TrainingError, match=text):
            run_training(
                make_config(data_dir, tmp_path, epochs=3, save_steps=1)
            )
    assert sorted(good) == sorted(
        [*tmp_path.glob("checkpoints/*"), *tmp_path.glob("*.keras")]
    )
    assert all(path.read_bytes() == good[path] for path in good)
    assert checkpoints.load_latest(str(tmp_path)).step == 2
    run_training(make_config(data_dir, tmp_path, epochs=2))
    assert [row["epoch"] for row in read_rows(tmp_path)] == ["1", "2"]
