import keras
import numpy as np
import pytest

from trainer.config.optimization import OptimizerConfig
from trainer.optimizers.build import build_optimizer


def change(config, factors, has_kernels):
    """Returns what a step changes of two variables of the same gradient."""
    optimizer = build_optimizer(config, 10, has_kernels, factors)
    variables = [keras.Variable(np.ones(2, np.float32)) for _ in range(2)]
    optimizer.build(variables)
    gradient = keras.ops.convert_to_tensor(np.array([2, -3], np.float32))
    optimizer.apply([gradient, gradient], variables)
    return [1 - variable.numpy() for variable in variables]


@pytest.mark.parametrize("has_kernels", [False, True])
@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_a_factor_scales_update_and_decay_alike(name, has_kernels):
    decay = 0.0 if name == "adam" else 0.5
    config = OptimizerConfig(name, learning_rate=0.01, weight_decay=decay)
    whole, same = change(config, (), has_kernels)
    np.testing.assert_array_equal(whole, same)
    first, tenth = change(config, (1.0, 0.1), has_kernels)
    np.testing.assert_array_equal(first, whole)
    np.testing.assert_allclose(tenth, whole / 10, rtol=0.02)
