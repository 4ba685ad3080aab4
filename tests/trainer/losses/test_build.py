import numpy as np
import pytest
import tensorflow as tf

from schemas.class_weights import PixelCounts
from schemas.labels.cityscapes import LABEL_IDS
from trainer.config import optimization
from trainer.config.optimization import LossConfig
from trainer.losses.build import (
    LOSSES,
    build_loss,
    class_weights,
    logit_offsets,
)

# Two classes; softmax of (0, ln 3) is (1/4, 3/4).
LOGITS = np.array([[[[0, np.log(3)], [0, np.log(3)]]]], np.float32)

# 60 pixels of unlabeled, 30 of road, 10 of sky, each in frames of 100.
PIXELS = {0: 60, 7: 30, 23: 10}
COUNTS = PixelCounts(
    class_pixels=np.array([PIXELS.get(index, 0) for index in range(34)]),
    present_pixels=np.array([100 * (index in PIXELS) for index in range(34)]),
)


def test_every_loss_of_the_table_is_a_choice_of_the_flag():
    assert tuple(LOSSES) == optimization.LOSSES


def test_flags_choose_the_loss():
    ids, ones = np.array([[[0, 1]]], np.uint8), np.ones(2, np.float32)
    cross_entropy = (np.log(4) + np.log(4 / 3)) / 2
    focal = (3 / 4 * np.log(4) + 1 / 4 * np.log(4 / 3)) / 2
    expected = {
        "cross_entropy": cross_entropy,
        "cross_entropy_dice": cross_entropy + 1 - (1 / 3 + 3 / 5) / 2,
        "cross_entropy_tversky": cross_entropy
        + (1 - (0.25 / 0.9 + 0.75 / 1.1) / 2),
        "focal": focal,
        "ohem": np.log(4),
    }
    for name, value in expected.items():
        config = LossConfig(name, focal_gamma=1.0, tversky_beta=0.8)
        loss, _ = build_loss(config, ones)(ids, LOGITS)
        assert float(loss) == pytest.approx(value)


def test_the_region_term_has_a_weight_of_its_own():
    ids, ones = np.array([[[0, 1]]], np.uint8), np.ones(2, np.float32)
    for name in ("cross_entropy_dice", "cross_entropy_tversky"):
        none, half, whole = (
            float(
                build_loss(LossConfig(name, region_loss_weight=w), ones)(
                    ids, LOGITS
                )[0]
            )
            for w in (0.0, 0.5, 1.0)
        )
        assert none == pytest.approx((np.log(4) + np.log(4 / 3)) / 2)
        assert half - none == pytest.approx((whole - none) / 2)


def test_every_loss_of_ignored_pixels_is_zero_with_finite_gradients():
    ids = np.full((1, 1, 2), 255, np.uint8)
    for loss in LOSSES:
        config = LossConfig(loss=loss, label_smoothing=0.1)
        function = build_loss(config, np.ones(2, np.float32))
        logits = tf.Variable(LOGITS)
        with tf.GradientTape() as tape:
            value, _ = function(ids, logits)
        assert float(value) == 0
        assert not np.any(tape.gradient(value, logits).numpy())


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_pixels_that_are_certain_have_finite_focal_gradients(gamma):
    ids = np.array([[[1, 1, 0]]], np.uint8)
    function = build_loss(LossConfig("focal", focal_gamma=gamma), np.ones(2))
    logits = tf.Variable(np.array([[[[0, 200], [0, 9], [0, 0]]]], np.float32))
    with tf.GradientTape() as tape:
        value, _ = function(ids, logits)
    # p(truth) is 1, nearly 1 and 1/2.
    nearly = np.log1p(np.exp(-9))
    misses, entropies = [-np.expm1(-nearly), 1 / 2], [nearly, np.log(2)]
    expected = np.dot(np.power(misses, gamma), entropies) / 3
    assert float(value) == pytest.approx(expected)
    gradient = tape.gradient(value, logits).numpy()[0, 0]
    assert not gradient[0].any()
    assert np.isfinite(gradient).all() and gradient[1:].all()


def test_void_ids_weigh_nothing_unless_asked_for():
    weights = class_weights(LossConfig(), LABEL_IDS, COUNTS)
    assert weights.sum() == 19 and weights[0] == 0 and weights[7] == 1
    config = LossConfig(ignore_void=False)
    weights = class_weights(config, LABEL_IDS, COUNTS)
    assert weights.tolist() == [1] * 34


def test_weights_come_from_the_manifests_counts():
    config = LossConfig(class_weights="median_frequency")
    weights = class_weights(config, LABEL_IDS, COUNTS)
    # road 30 of 100, sky 10 of 100: 0.3 and 0.1, their median 0.2.
    assert weights[7] == pytest.approx(2 / 3)
    assert weights[23] == pytest.approx(2)
    assert np.count_nonzero(weights) == 2
    config = LossConfig(class_weights="sqrt_median_frequency")
    roots = class_weights(config, LABEL_IDS, COUNTS)
    assert roots == pytest.approx(np.sqrt(weights))
    config = LossConfig(class_weights="median_frequency", ignore_void=False)
    weights = class_weights(config, LABEL_IDS, COUNTS)
    # unlabeled's 0.6 beside 0.3 and 0.1: their median is 0.3.
    assert weights[[0, 7, 23]] == pytest.approx([0.5, 1, 3])
    config = LossConfig(class_weights="enet")
    weights = class_weights(config, LABEL_IDS, COUNTS)
    assert weights[7] == pytest.approx(1 / np.log(1.02 + 0.75))


def test_offsets_undo_a_share_of_the_weights():
    weights = np.array([4, 0.25, 1, 0], np.float32)
    pixels = np.array([1, 9, 0, 9])
    config = LossConfig(class_weights="enet", logit_adjustment=0.5)
    np.testing.assert_allclose(
        logit_offsets(config, weights, pixels),
        [-np.log(2), np.log(2), -np.inf, -np.inf],
        rtol=1e-6,
    )
    nothing = logit_offsets(LossConfig(), np.ones(4), pixels)
    assert nothing.tolist() == [0, 0, -np.inf, 0]
