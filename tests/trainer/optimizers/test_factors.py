import keras
import numpy as np
import pytest

from trainer.config.optimization import OptimizerConfig
from trainer.optimizers.build import build_optimizer
from trainer.optimizers.factors import Pace

GRADIENT = np.array([2, -3], np.float32)


def change(config, paces, has_kernels, gradients=((GRADIENT, GRADIENT),)):
    """Returns what steps change of two variables, by their gradients."""
    optimizer = build_optimizer(config, 10, has_kernels, paces)
    variables = [keras.Variable(np.ones(2, np.float32)) for _ in range(2)]
    optimizer.build(variables)
    for pair in gradients:
        optimizer.apply(list(map(keras.ops.convert_to_tensor, pair)), variables)
    return [1 - variable.numpy() for variable in variables]


@pytest.mark.parametrize("has_kernels", [False, True])
@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_a_factor_scales_update_and_decay_alike(name, has_kernels):
    decay = 0.0 if name == "adam" else 0.5
    config = OptimizerConfig(name, learning_rate=0.01, weight_decay=decay)
    whole, same = change(config, (), has_kernels)
    np.testing.assert_array_equal(whole, same)
    first, tenth = change(config, (Pace(), Pace(0.1)), has_kernels)
    np.testing.assert_array_equal(first, whole)
    np.testing.assert_allclose(tenth, whole / 10, rtol=0.02)


@pytest.mark.parametrize("has_kernels", [False, True])
@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_a_variable_that_begins_late_learns_as_if_from_the_first_step(
    name, has_kernels
):
    decay = 0.0 if name == "adam" else 0.5
    config = OptimizerConfig(name, learning_rate=0.01, weight_decay=decay)
    paces = (Pace(), Pace(begin=3))
    zeros = np.zeros_like(GRADIENT)
    frozen = ((GRADIENT, zeros),) * 3
    _, late = change(config, paces, has_kernels, frozen)
    np.testing.assert_array_equal(late, zeros)
    steps = ((GRADIENT, GRADIENT),) * 2
    _, late = change(config, paces, has_kernels, frozen + steps)
    first, _ = change(config, (), has_kernels, steps)
    np.testing.assert_allclose(late, first, rtol=1e-5)
