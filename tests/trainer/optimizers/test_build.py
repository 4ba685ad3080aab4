import keras
import numpy as np
import pytest

from trainer.config.flag import ConfigError
from trainer.config.optimization import OptimizerConfig
from trainer.optimizers.build import build_optimizer


def steps(config, *gradients):
    """Steps from (1, 1); returns the values and the optimizer."""
    optimizer = build_optimizer(config, total_steps=10)
    variable = keras.Variable(np.array([1.0, 1.0], np.float32))
    optimizer.build([variable])
    for gradient in gradients:
        tensor = keras.ops.convert_to_tensor(np.float32(gradient))
        optimizer.apply([tensor], [variable])
    return variable.numpy(), optimizer


def step_once(config, gradient):
    return steps(config, gradient)[0]


def test_sgd_gathers_momentum():
    config = OptimizerConfig("sgd", learning_rate=0.1, momentum=0.9)
    # Velocities -0.1 and 0.9 * -0.1 - 0.1 = -0.19; second value: 0, -0.2.
    values, _ = steps(config, [1, 0], [1, 2])
    np.testing.assert_allclose(values, [1 - 0.1 - 0.19, 0.8], rtol=1e-6)


def test_sgd_without_momentum_forgets():
    config = OptimizerConfig("sgd", learning_rate=0.1, momentum=0.0)
    values, _ = steps(config, [1, 0], [1, 2])
    np.testing.assert_allclose(values, [0.8, 0.8], rtol=1e-6)


def test_the_schedule_decides_each_step():
    config = OptimizerConfig(
        "sgd", learning_rate=1, momentum=0.0, schedule="poly", warmup_steps=2
    )
    # Rates 1/2, 1, 1, (7/8)^0.9 of the ten steps.
    values, _ = steps(config, *([0.1, 0],) * 4)
    expected = 1 - 0.1 * (0.5 + 1 + 1 + (7 / 8) ** 0.9)
    np.testing.assert_allclose(values, [expected, 1], rtol=1e-6)


def test_sgd_decays_weights_beside_the_gradient():
    config = OptimizerConfig("sgd", learning_rate=0.1, weight_decay=0.5)
    # 1 - 0.1 * 0.5 * 1 - 0.1 * gradient
    np.testing.assert_allclose(
        step_once(config, np.float32([1, 0])), [0.85, 0.95], rtol=1e-6
    )


def test_gradients_are_cut_to_the_norm_together():
    config = OptimizerConfig("sgd", learning_rate=1, clip_norm=1)
    np.testing.assert_allclose(
        step_once(config, np.float32([3, 4])), [0.4, 0.2], rtol=1e-6
    )


def test_short_gradients_are_not_cut():
    config = OptimizerConfig("sgd", learning_rate=1, clip_norm=1)
    np.testing.assert_allclose(
        step_once(config, [0.3, 0.4]), [0.7, 0.6], rtol=1e-6
    )


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_adam_second_step_weighs_both_gradients(name):
    config = OptimizerConfig(name, learning_rate=0.01)
    values, _ = steps(config, [3, 1], [1, 1])
    # Means of the gradients: (0.9 * 0.1 * 3 + 0.1 * 1) / (1 - 0.9^2); of
    # their squares: (0.999 * 0.001 * 9 + 0.001 * 1) / (1 - 0.999^2).
    mean = 0.37 / 0.19
    mean_square = 0.009991 / 0.001999
    expected = 0.99 - 0.01 * mean / mean_square**0.5
    np.testing.assert_allclose(values, [expected, 0.98], rtol=1e-5)


def test_adamw_decays_weights_beside_the_gradient():
    config = OptimizerConfig("adamw", learning_rate=0.01, weight_decay=0.5)
    # 1 - 0.01 * 0.5 * 1 - 0.01 * sign of the gradient.
    np.testing.assert_allclose(
        step_once(config, [3, -4]), [0.985, 1.005], rtol=1e-5
    )


@pytest.mark.parametrize(
    ("ema_decay", "average"),
    [(0.75, [5.7 / 11, 0.7]), (0.2, [5.66 / 11, 0.68])],
)
def test_the_average_follows_a_young_run_closely(ema_decay, average):
    config = OptimizerConfig(
        "sgd", learning_rate=0.1, momentum=0.0, ema_decay=ema_decay
    )
    values, optimizer = steps(config, [1, 0], [4, 0], [0, 4])
    np.testing.assert_allclose(values, [0.5, 0.6], rtol=1e-6)
    # (0.9, 1), then 2/11 of it and 9/11 of (0.5, 1); then 3/12 of that, or
    # the decay where it is less, and the rest of (0.5, 0.6).
    variable = keras.Variable(values)
    optimizer.finalize_variable_values([variable])
    np.testing.assert_allclose(variable.numpy(), average, rtol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_adam_first_steps_by_the_learning_rate(name):
    config = OptimizerConfig(name, learning_rate=0.01)
    np.testing.assert_allclose(
        step_once(config, np.float32([3, -4])), [0.99, 1.01], rtol=1e-5
    )


def test_decay_that_would_do_nothing_is_refused():
    with pytest.raises(ConfigError, match="does nothing with --optimizer=ad"):
        OptimizerConfig("adam", weight_decay=0.1)
