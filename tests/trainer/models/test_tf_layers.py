import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.config.model import ModelConfig
from trainer.models import joins, tf_layers, unet
from trainer.models.build import build_plain_network, build_training_network
from trainer.models.kinds import Kinds


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
    ours = normalize(tf_layers.BatchNormalization, values, training=training)
    keras_layer = keras.layers.BatchNormalization
    theirs = normalize(keras_layer, values, training=training)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((2, 3, 4, 5), {"center": False}),
        ((2, 3, 4, 5), {"scale": False}),
        ((2, 5, 3, 4), {"axis": 1}),
        ((7, 5), {}),
    ],
)
def test_what_the_kernel_cannot_normalize_is_left_to_keras(
    shape, options, training
):
    values, results = draw(*shape), []
    for kind in (tf_layers.BatchNormalization, keras.layers.BatchNormalization):
        layer = kind(**options)
        layer.build(shape)
        count = len(layer.get_weights())
        layer.set_weights([draw(5, seed=s) ** 2 for s in range(count)])
        outputs = layer(values, training=training)
        results.append([outputs, *layer.get_weights()])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_bfloat16_stays_bfloat16_and_its_statistics_float32():
    layer = tf_layers.BatchNormalization(dtype="mixed_bfloat16")
    outputs = layer(draw(2, 3, 4, 5), training=True)
    assert outputs.dtype == tf.bfloat16
    assert layer.moving_mean.dtype == "float32"


@pytest.mark.parametrize("module", [joins, tf_layers])
def test_a_join_is_a_convolution_of_the_concatenation(module):
    inputs = [draw(2, 6, 5, 3), draw(2, 6, 5, 4, seed=1)]
    joined = keras.layers.Conv2D(8, 3, padding="same", activation="relu")
    apart = module.JoinConv2D(8)
    joined.build((None, None, None, 7))
    apart.build([x.shape for x in inputs])
    apart.set_weights([draw(3, 3, 7, 8, seed=2), draw(8, seed=3)])
    joined.set_weights(apart.get_weights())
    results = []
    for layer, merge in ((apart, list), (joined, keras.ops.concatenate)):
        with tf.GradientTape() as tape:
            variables = [tf.Variable(x) for x in inputs]
            axis = {} if merge is list else {"axis": -1}
            outputs = layer(merge(variables, **axis))
            loss = tf.reduce_sum(outputs * draw(2, 6, 5, 8, seed=9))
        sources = [*variables, *layer.trainable_variables]
        results.append([outputs, *tape.gradient(loss, sources)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-2)


def joined_after_doubling(inputs):
    *skips, x = inputs
    doubled = keras.layers.UpSampling2D(2)(x)
    return keras.ops.concatenate([*skips, doubled], axis=-1)


@pytest.mark.parametrize("skip_channels", [[], [3]])
def test_an_up_join_is_a_convolution_of_what_is_doubled(skip_channels):
    inputs = [draw(2, 6, 10, channels) for channels in skip_channels]
    inputs.append(draw(2, 3, 5, 4, seed=1))
    num_channels = sum(x.shape[-1] for x in inputs)
    ours = tf_layers.UpJoinConv2D(8)
    ours.build([x.shape for x in inputs])
    ours.set_weights([draw(3, 3, num_channels, 8, seed=2), draw(8, seed=3)])
    theirs = keras.layers.Conv2D(8, 3, padding="same", activation="relu")
    theirs.build((None, None, None, num_channels))
    theirs.set_weights(ours.get_weights())
    results = []
    for layer, join in ((ours, list), (theirs, joined_after_doubling)):
        with tf.GradientTape() as tape:
            variables = [tf.Variable(x) for x in inputs]
            outputs = layer(join(variables))
            loss = tf.reduce_sum(outputs * draw(2, 6, 10, 8, seed=9))
        sources = [*variables, *layer.trainable_variables]
        results.append([outputs, *tape.gradient(loss, sources)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-2)


def test_an_up_join_takes_pictures_of_any_size():
    join = tf_layers.UpJoinConv2D(8, dtype="mixed_bfloat16")
    x = keras.Input((None, None, 4))
    network = keras.Model(x, join([x]))
    assert network.output.shape == (None, None, None, 8)
    assert network.output.dtype == "bfloat16"
    assert network(draw(1, 5, 7, 4)).shape == (1, 10, 14, 8)


def test_an_encoders_network_has_up_joins_and_gives_what_keras_gives():
    config = ModelConfig(
        "label_ids", encoder="efficientnet_lite0", encoder_weights="none"
    )
    ours = build_training_network(config, "float32", has_kernels=True)
    kinds = [type(layer) for layer in ours.layers]
    assert kinds.count(tf_layers.UpJoinConv2D) == 4
    plain = build_plain_network(config)
    plain.set_weights(ours.get_weights())
    pictures = draw(1, 64, 96, 3) / 10
    np.testing.assert_allclose(
        plain(pictures), ours(pictures), rtol=1e-3, atol=1e-3
    )


def plain_and_fused(dtype="float32"):
    keras.utils.set_random_seed(1)
    plain = unet.build_unet((32, 32, 3), 5, 2, Kinds(dtype))
    keras.utils.set_random_seed(1)
    kinds = Kinds(
        dtype,
        batch_normalization=tf_layers.BatchNormalization,
        join_conv=tf_layers.JoinConv2D,
    )
    return plain, unet.build_unet((32, 32, 3), 5, 2, kinds)


def test_networks_of_either_kind_begin_with_the_same_weights():
    plain, ours = plain_and_fused()
    for a, b in zip(plain.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_mean_the_same_in_networks_of_either_kind():
    plain, ours = plain_and_fused()
    weights = [draw(*w.shape, seed=i) ** 2 for i, w in enumerate(plain.weights)]
    plain.set_weights([w / w.sum() for w in weights])
    ours.set_weights(plain.get_weights())
    pictures = draw(1, 32, 32, 3)
    np.testing.assert_allclose(plain(pictures), ours(pictures), rtol=1e-4)


def test_a_join_computes_in_its_policys_type():
    _, ours = plain_and_fused("mixed_bfloat16")
    kinds = [type(layer) for layer in ours.layers]
    join = ours.layers[kinds.index(tf_layers.JoinConv2D)]
    assert join.output.dtype == "bfloat16"
    assert join.kernel.dtype == "float32"


def convolved(kind, policy, kernel_size, strides, padding, inputs):
    layer = kind(kernel_size, strides, padding, use_bias=False, dtype=policy)
    layer.build(inputs.shape)
    layer.set_weights([draw(kernel_size, kernel_size, 6, 1, seed=1)])
    with tf.GradientTape() as tape:
        variable = tf.Variable(inputs)
        outputs = layer(variable, training=True)
        weights = draw(*outputs.shape, seed=2)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32) * weights)
    return [outputs, *tape.gradient(loss, [variable, *layer.weights])]


@pytest.mark.parametrize("kernel_size", [3, 5])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_depthwise_convolution_in_bfloat16_is_keras_rounded(
    kernel_size, strides, padding
):
    shape = kernel_size, strides, padding, draw(2, 12, 9, 6)
    exact = convolved(keras.layers.DepthwiseConv2D, "float32", *shape)
    ours = convolved(tf_layers.DepthwiseConv2D, "mixed_bfloat16", *shape)
    assert ours[0].dtype == tf.bfloat16
    for a, b in zip(ours, exact, strict=True):
        scale = float(tf.reduce_max(tf.abs(b)))
        np.testing.assert_allclose(
            tf.cast(a, tf.float32), b, rtol=0.02, atol=0.01 * scale
        )


def test_encoders_on_tensorflow_have_the_depthwise_convolution():
    config = ModelConfig(
        "label_ids", encoder="efficientnet_lite0", encoder_weights="none"
    )
    network = build_training_network(config, "mixed_bfloat16", has_kernels=True)
    kinds = {type(layer) for layer in network.layers}
    assert tf_layers.DepthwiseConv2D in kinds
    assert keras.layers.DepthwiseConv2D not in kinds
