import numpy as np
import pytest
import tensorflow as tf

from trainer.losses.ohem import hardest
from trainer.losses.pixels import Pixels
from trainer.losses.segmentation import SegmentationLoss, Terms


def selected(losses, share, weights=None) -> list[float]:
    losses = np.array(losses, np.float32)
    weights = np.ones_like(losses) if weights is None else np.array(weights)
    pixels = Pixels(None, weights.astype(np.float32), None, losses)
    return hardest(share)(pixels).numpy().tolist()


def test_the_share_of_the_highest_loss_is_selected():
    assert selected([0.5, 3, 0, 2], 0.5) == [0, 1, 0, 1]
    assert selected([0.5, 3, 0, 2], 0.25) == [0, 1, 0, 0]


def test_at_least_one_pixel_is_selected():
    assert selected([0.5, 3, 0, 2], 0.01) == [0, 1, 0, 0]


def test_pixels_as_hard_as_the_last_are_selected_too():
    assert selected([1, 3, 1, 0], 0.5) == [1, 1, 1, 0]
    assert selected([0, -0.0, 0], 0.4) == [1, 1, 1]


def test_pixels_that_do_not_count_are_never_selected():
    assert selected([9, 3, 1, 2], 0.5, [0, 1, 0, 1]) == [0, 1, 0, 0]
    assert selected([9, 3], 0.5, [0, 0]) == [0, 0]


def test_numbers_that_are_close_are_told_apart():
    random = np.random.default_rng(2019)
    losses = random.exponential(1, 1000).astype(np.float32)
    losses[500:] = np.nextafter(losses[:500], np.float32(9))
    expected = losses >= np.sort(losses)[-301]
    assert selected(losses, 0.301) == expected.astype(float).tolist()


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def test_value_and_gradient_are_those_of_numpy():
    random = np.random.default_rng(2019)
    logits = random.normal(0, 2, (2, 4, 5, 3)).astype(np.float32)
    ids = random.integers(0, 3, (2, 4, 5))
    ids[0, 0] = 255
    class_weights = np.array([1, 2, 0.5], np.float32)
    counted = ids < 3
    truth = np.where(counted, ids, 0)
    weights = np.where(counted, class_weights[truth], 0)
    probabilities = softmax(logits)
    losses = -np.log(np.take_along_axis(probabilities, truth[..., None], -1))
    losses = losses[..., 0]
    limit = np.sort(losses[counted])[-round(0.3 * counted.sum())]
    weights *= losses >= limit
    gradient = probabilities - np.eye(3)[truth]
    gradient *= weights[..., None] / weights.sum()

    loss = SegmentationLoss(class_weights, terms=Terms(selection=hardest(0.3)))
    variable = tf.Variable(logits)
    with tf.GradientTape() as tape:
        value, weight = loss(ids.astype(np.uint8), variable)
    assert float(value) == pytest.approx((losses * weights).sum() / weight)
    assert float(weight) == pytest.approx(weights.sum())
    np.testing.assert_allclose(
        tape.gradient(value, variable), gradient, rtol=1e-4, atol=1e-7
    )


def test_all_pixels_are_cross_entropy():
    assert hardest(1.0) is None
