import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer import fused, unet


def draw(*shape, seed=0):
    draws = np.random.default_rng(seed).normal(2, 3, shape)
    return draws.astype(np.float32)


def normalize(kind, values, **call):
    layer = kind()
    layer.build(values.shape)
    layer.set_weights([draw(5, seed=s) ** 2 for s in range(4)])
    with tf.GradientTape() as tape:
        inputs = tf.Variable(values)
        outputs = layer(inputs, **call)
        loss = tf.reduce_sum(outputs * draw(*values.shape, seed=9))
    gradients = tape.gradient(loss, [inputs, *layer.trainable_variables])
    return [outputs, *gradients, *layer.get_weights()]


@pytest.mark.parametrize("training", [True, False])
def test_normalization_is_that_of_keras_statistics_included(training):
    values = draw(2, 3, 4, 5)
    ours = normalize(fused.BatchNormalization, values, training=training)
    keras_layer = keras.layers.BatchNormalization
    theirs = normalize(keras_layer, values, training=training)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4)


def test_bfloat16_stays_bfloat16_and_its_statistics_float32():
    layer = fused.BatchNormalization(dtype="mixed_bfloat16")
    outputs = layer(draw(2, 3, 4, 5), training=True)
    assert outputs.dtype == tf.bfloat16
    assert layer.moving_mean.dtype == "float32"


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_adam_is_that_of_keras(name):
    variables = []
    for module in (fused, keras.optimizers):
        optimizer = getattr(module, name)(learning_rate=0.1)
        variable = keras.Variable(draw(3, 4))
        for seed in range(5):
            gradient = tf.constant(draw(3, 4, seed=seed))
            optimizer.apply([gradient], [variable])
        variables.append([variable, *optimizer.variables])
    for a, b in zip(*variables, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_a_network_has_the_same_variables_either_way():
    plain, ours = (
        unet.build_unet((32, 32, 3), 5, 2, normalization=kind)
        for kind in (keras.layers.BatchNormalization, fused.BatchNormalization)
    )
    assert [v.shape for v in ours.variables] == [
        v.shape for v in plain.variables
    ]
    assert [type(a).__name__ for a in ours.layers] == [
        type(b).__name__ for b in plain.layers
    ]
