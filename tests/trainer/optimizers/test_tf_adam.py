import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.optimizers import tf_adam


def draw(*shape, seed=0):
    draws = np.random.default_rng(seed).normal(2, 3, shape)
    return draws.astype(np.float32)


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_adam_is_that_of_keras(name):
    variables = []
    for module in (tf_adam, keras.optimizers):
        optimizer = getattr(module, name)(learning_rate=0.1)
        variable = keras.Variable(draw(3, 4))
        for seed in range(5):
            gradient = tf.constant(draw(3, 4, seed=seed))
            optimizer.apply([gradient], [variable])
        variables.append([variable, *optimizer.variables])
    for a, b in zip(*variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
