import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.backends.build import build_stepper
from trainer.backends.step import StepOptions
from trainer.losses.segmentation import SegmentationLoss
from trainer.models import unet
from trainer.models.kinds import Kinds
from trainer.models.pixels import normalize

NUM_CLASSES = 5


def batch(num_images=4, seed=0):
    draws = np.random.default_rng(seed)
    images = draws.integers(0, 256, (num_images, 32, 32, 3), np.uint8)
    labels = draws.integers(0, NUM_CLASSES + 2, (num_images, 32, 32), np.uint8)
    return tf.constant(images), tf.constant(labels)


def loss():
    weights = np.array([1, 1, 0, 2, 1], np.float32)
    return SegmentationLoss(weights)


def u_net(dtype="float32"):
    return unet.build_unet((None, None, 3), NUM_CLASSES, 2, Kinds(dtype))


def stepper(build=u_net, optimizer=None, offsets=None, **options):
    keras.utils.set_random_seed(1)
    return build_stepper(
        build(),
        optimizer or keras.optimizers.SGD(0.1),
        loss(),
        StepOptions(**options),
        offsets,
    )


def one_level():
    """Makes the smallest network that has what a U-Net is cut at."""
    layers = keras.layers
    inputs = keras.Input((None, None, 3))
    skip = layers.Conv2D(2, 3, padding="same", activation="relu")(inputs)
    skip = layers.BatchNormalization()(skip)
    x = layers.Conv2D(4, 3, padding="same")(layers.MaxPooling2D()(skip))
    x = layers.Conv2DTranspose(2, 2, strides=2)(x)
    x = layers.BatchNormalization()(layers.Concatenate()([skip, x]))
    return keras.Model(inputs, layers.Conv2D(NUM_CLASSES, 1)(x))


def weights_after(steps, parts):
    """Steps over the same batches and returns losses and all variables."""
    results = [steps.train(*part) for part in parts]
    steps.sync()
    losses = [float(result.loss) for result in results]
    return losses, [v.numpy() for v in steps.model.variables], results[-1]


def without_normalization():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Conv2D(NUM_CLASSES, 1)(x))


def assert_close(ours, theirs, tolerance=1e-5):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_offsets_change_what_is_counted_and_not_the_loss(jit_compile):
    offsets = np.array([0, -np.inf, 99, -np.inf, -np.inf], np.float32)
    plain, shifted = (
        stepper(offsets=values, jit_compile=jit_compile).evaluate(*batch())
        for values in (None, offsets)
    )
    assert plain.counts.numpy()[:, [0, 1, 3, 4]].any()
    truth = plain.counts.numpy().sum(1)
    expected = np.zeros((NUM_CLASSES, NUM_CLASSES), int)
    expected[:, 2] = truth
    np.testing.assert_array_equal(shifted.counts, expected)
    assert shifted.loss.numpy() == plain.loss.numpy()
    assert shifted.weight.numpy() == plain.weight.numpy()


@pytest.mark.parametrize("jit_compile", [False, True])
def test_recomputing_changes_no_loss_weight_or_moving_statistic(jit_compile):
    parts = [batch(seed=seed) for seed in range(2)]
    plain, remat = (
        weights_after(stepper(one_level, **options), parts)
        for options in (
            {"jit_compile": jit_compile},
            {"jit_compile": jit_compile, "remat": True},
        )
    )
    assert_close(remat[0], plain[0])
    assert_close(remat[1], plain[1])
    np.testing.assert_array_equal(remat[2].counts, plain[2].counts)


def test_recomputing_a_whole_u_net_is_exact():
    plain = weights_after(stepper(), [batch()])
    remat = weights_after(stepper(remat=True), [batch()])
    assert remat[0] == plain[0]
    assert_close(remat[1], plain[1])


def test_recomputing_adds_no_variable_and_keeps_their_order():
    plain, remat = stepper(), stepper(remat=True)
    assert [v.shape for v in remat.model.variables] == [
        v.shape for v in plain.model.variables
    ]
    assert len(remat.optimizer.variables) == len(plain.optimizer.variables)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("num_parts", [2, 4])
def test_parts_of_a_batch_add_up_to_the_whole(num_parts, jit_compile):
    parts = [batch(seed=seed) for seed in range(2)]
    results = []
    for number in (1, num_parts):
        steps = stepper(
            without_normalization, num_parts=number, jit_compile=jit_compile
        )
        results.append(weights_after(steps, parts))
    (losses, variables, last), (part_losses, part_variables, part_last) = (
        results
    )
    assert_close(part_losses, losses)
    assert_close(part_variables, variables)
    assert float(part_last.weight) == float(last.weight)
    np.testing.assert_array_equal(part_last.counts, last.counts)


def test_a_part_without_pixels_that_count_changes_nothing():
    images, labels = batch(2)
    nothing = tf.fill(labels.shape, tf.constant(255, tf.uint8))
    both = tf.concat([images, images], 0), tf.concat([labels, nothing], 0)
    halves = stepper(without_normalization, num_parts=2)
    whole = stepper(without_normalization)
    assert_close(
        weights_after(halves, [both])[1],
        weights_after(whole, [(images, labels)])[1],
    )


def test_each_part_updates_the_moving_statistics_with_its_own():
    images, labels = batch(2)
    steps = stepper(one_level, num_parts=2)
    steps.train(images, labels)
    norm = steps.model.layers[2]
    conv = stepper(one_level).model.layers[1]
    means = [
        keras.ops.mean(conv(normalize(images[i : i + 1])), (0, 1, 2))
        for i in range(2)
    ]
    expected = (0.01 * means[0]) * 0.99 + 0.01 * means[1]
    np.testing.assert_allclose(norm.moving_mean, expected, rtol=1e-4)


def test_recomputing_and_parts_go_together():
    parts = [batch()]
    apart = weights_after(stepper(one_level, num_parts=2), parts)
    both = weights_after(stepper(one_level, num_parts=2, remat=True), parts)
    assert_close(both[1], apart[1])


def test_a_batch_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="3 pictures .* into 2 equal parts"):
        stepper(num_parts=2).train(*batch(3))


def test_float16_scales_the_loss_in_parts_too():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    scaled = stepper(without_normalization, optimizer, num_parts=2)
    plain = stepper(without_normalization)
    assert_close(
        weights_after(scaled, [batch()])[1],
        weights_after(plain, [batch()])[1],
        1e-4,
    )


@pytest.mark.parametrize("options", [{"remat": True}, {"num_parts": 2}])
def test_bfloat16_learns_by_every_road(options):
    steps = stepper(
        lambda: u_net("mixed_bfloat16"),
        keras.optimizers.Adam(1e-2),
        **options,
    )
    losses = weights_after(steps, [batch()] * 5)[0]
    assert losses[-1] < losses[0]
