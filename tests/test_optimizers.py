import keras
import numpy as np
import pytest

from trainer import optimizers
from trainer.checks import ConfigError
from trainer.learning import OptimizerConfig

RATE, WARMUP, TOTAL = 0.5, 4, 14


def rate(schedule, step, warmup_steps=WARMUP):
    function = optimizers.WarmupDecay(RATE, schedule, warmup_steps, TOTAL)
    return float(function(step))


@pytest.mark.parametrize("schedule", ["constant", "cosine", "poly"])
def test_the_warmup_rises_in_equal_steps(schedule):
    rates = [rate(schedule, step) for step in range(5)]
    np.testing.assert_allclose(rates, [0.125, 0.25, 0.375, 0.5, 0.5])


def test_constant_stays():
    assert rate("constant", 0, warmup_steps=0) == RATE
    assert rate("constant", 10**6) == RATE


def test_cosine_is_half_in_the_middle_and_zero_at_the_end():
    assert rate("cosine", 0, warmup_steps=0) == pytest.approx(RATE)
    assert rate("cosine", 9) == pytest.approx(RATE / 2)
    assert rate("cosine", 14) == pytest.approx(0, abs=1e-7)
    assert rate("cosine", 20) == pytest.approx(0, abs=1e-7)


def test_poly_falls_with_power_nine_tenths():
    assert rate("poly", 0, warmup_steps=0) == pytest.approx(RATE)
    assert rate("poly", 9) == pytest.approx(RATE * 0.5**0.9)
    assert rate("poly", 13) == pytest.approx(RATE * 0.1**0.9)
    assert rate("poly", 20) == 0


def step_once(config, gradient):
    optimizer = optimizers.build_optimizer(config, total_steps=10)
    variable = keras.Variable(np.array([1.0, 1.0], np.float32))
    optimizer.build([variable])
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return variable.numpy()


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


@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_adam_first_steps_by_the_learning_rate(name):
    config = OptimizerConfig(name, learning_rate=0.01)
    np.testing.assert_allclose(
        step_once(config, np.float32([3, -4])), [0.99, 1.01], rtol=1e-5
    )


def test_decay_that_would_do_nothing_is_refused():
    with pytest.raises(ConfigError, match="does nothing with --optimizer=ad"):
        OptimizerConfig("adam", weight_decay=0.1)
