import numpy as np
import pytest

from trainer.losses.pixels import focal
from trainer.losses.segmentation import SegmentationLoss, Terms

# Two classes; softmax of (0, ln 3) is (1/4, 3/4).
LOGITS = np.array([[[[0, np.log(3)], [0, np.log(3)]]]], np.float32)


def test_cross_entropy_is_the_mean_over_valid_pixels():
    loss = SegmentationLoss(np.ones(2, np.float32))
    value, weight = loss(np.array([[[0, 1]]], np.uint8), LOGITS)
    assert float(value) == pytest.approx((np.log(4) + np.log(4 / 3)) / 2)
    assert float(weight) == 2
    value, weight = loss(np.array([[[0, 255]]], np.uint8), LOGITS)
    assert float(value) == pytest.approx(np.log(4))
    assert float(weight) == 1


def test_a_batch_of_ignored_pixels_gives_zero():
    loss = SegmentationLoss(np.ones(2, np.float32))
    value, weight = loss(np.full((1, 1, 2), 255, np.uint8), LOGITS)
    assert (float(value), float(weight)) == (0, 0)


def test_a_class_without_weight_counts_nowhere():  # F9
    loss = SegmentationLoss(np.array([0, 1], np.float32))
    value, _ = loss(np.array([[[0, 1]]], np.uint8), LOGITS)
    assert float(value) == pytest.approx(np.log(4 / 3))


def test_heavier_classes_pull_the_mean():
    loss = SegmentationLoss(np.array([3, 1], np.float32))
    value, weight = loss(np.array([[[0, 1]]], np.uint8), LOGITS)
    assert float(value) == pytest.approx((3 * np.log(4) + np.log(4 / 3)) / 4)
    assert float(weight) == 4


def test_smoothing_spreads_a_share_of_the_truth():
    loss = SegmentationLoss(np.ones(2, np.float32), label_smoothing=0.2)
    value, _ = loss(np.array([[[1, 1]]], np.uint8), LOGITS)
    # The truth (0.1, 0.9) against (1/4, 3/4).
    expected = 0.1 * np.log(4) + 0.9 * np.log(4 / 3)
    assert float(value) == pytest.approx(expected)


def test_focal_loss_turns_away_from_easy_pixels():
    loss = SegmentationLoss(
        np.ones(2, np.float32), terms=Terms(factor=focal(2.0))
    )
    value, _ = loss(np.array([[[0, 1]]], np.uint8), LOGITS)
    expected = ((3 / 4) ** 2 * np.log(4) + (1 / 4) ** 2 * np.log(4 / 3)) / 2
    assert float(value) == pytest.approx(expected)


def test_focal_loss_smooths_and_weighs_too():
    loss = SegmentationLoss(
        np.array([3, 1], np.float32),
        label_smoothing=0.2,
        terms=Terms(factor=focal(1.0)),
    )
    value, _ = loss(np.array([[[0, 1]]], np.uint8), LOGITS)
    # Truths (0.9, 0.1) and (0.1, 0.9) against (1/4, 3/4), missed by 3/4, 1/4.
    first = 3 / 4 * (0.9 * np.log(4) + 0.1 * np.log(4 / 3))
    second = 1 / 4 * (0.1 * np.log(4) + 0.9 * np.log(4 / 3))
    assert float(value) == pytest.approx((3 * first + second) / 4)
