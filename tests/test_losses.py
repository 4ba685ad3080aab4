import numpy as np
import pytest

from schemas import labels
from trainer import losses

# Two classes; softmax of (0, ln 3) is (1/4, 3/4).
LOGITS = np.array([[[[0, np.log(3)], [0, np.log(3)]]]], np.float32)


def test_cross_entropy_is_the_mean_over_valid_pixels():
    loss = losses.CrossEntropy(np.ones(2, np.float32))
    value, weight = loss(np.array([[[0, 1]]], np.uint8), LOGITS)
    assert float(value) == pytest.approx((np.log(4) + np.log(4 / 3)) / 2)
    assert float(weight) == 2
    value, weight = loss(np.array([[[0, 255]]], np.uint8), LOGITS)
    assert float(value) == pytest.approx(np.log(4))
    assert float(weight) == 1


def test_a_batch_of_ignored_pixels_gives_zero():
    loss = losses.CrossEntropy(np.ones(2, np.float32))
    value, weight = loss(np.full((1, 1, 2), 255, np.uint8), LOGITS)
    assert (float(value), float(weight)) == (0, 0)


def test_a_class_without_weight_counts_nowhere():  # F9
    loss = losses.CrossEntropy(np.array([0, 1], np.float32))
    value, _ = loss(np.array([[[0, 1]]], np.uint8), LOGITS)
    assert float(value) == pytest.approx(np.log(4 / 3))


def test_heavier_classes_pull_the_mean():
    loss = losses.CrossEntropy(np.array([3, 1], np.float32))
    value, weight = loss(np.array([[[0, 1]]], np.uint8), LOGITS)
    assert float(value) == pytest.approx((3 * np.log(4) + np.log(4 / 3)) / 4)
    assert float(weight) == 4


def test_void_ids_weigh_nothing_unless_asked_for():
    weights = losses.class_weights(labels.LABEL_IDS, ignore_void=True)
    assert weights.sum() == 19 and weights[0] == 0 and weights[7] == 1
    weights = losses.class_weights(labels.LABEL_IDS, ignore_void=False)
    assert weights.tolist() == [1] * 34
