import numpy as np
import pytest

from trainer.losses.dice import dice_loss
from trainer.losses.segmentation import SegmentationLoss, Terms
from trainer.losses.tversky import tversky

# Two classes; softmax of (0, ln 3) is (1/4, 3/4).
LOGITS = np.array([[[[0, np.log(3)], [0, np.log(3)]]]], np.float32)
IDS = np.array([[[0, 1]]], np.uint8)
CROSS_ENTROPY = (np.log(4) + np.log(4 / 3)) / 2


def value_of(region, ids=IDS) -> float:
    loss = SegmentationLoss(np.ones(2, np.float32), terms=Terms(region=region))
    return float(loss(ids, LOGITS)[0])


def test_missed_pixels_cost_beta_and_wrong_ones_the_rest():
    # Class 0: 1/4 hit, 3/4 missed, 1/4 wrong: 1/4 / (1/4 + 0.2/4 + 0.8*3/4).
    # Class 1: 3/4 hit, 1/4 missed, 3/4 wrong: 3/4 / (3/4 + 0.2*3/4 + 0.8/4).
    expected = 1 - (0.25 / 0.9 + 0.75 / 1.1) / 2
    assert value_of(tversky(0.8)) == pytest.approx(CROSS_ENTROPY + expected)


def test_half_is_dice():
    assert value_of(tversky(0.5)) == pytest.approx(value_of(dice_loss))


def test_classes_that_do_not_occur_and_ignored_pixels_do_not_count():
    ids = np.array([[[255, 1]]], np.uint8)
    # Class 1: 3/4 hit, 1/4 missed, none wrong: 3/4 / (3/4 + 0.8/4).
    expected = np.log(4 / 3) + 1 - 0.75 / 0.95
    assert value_of(tversky(0.8), ids) == pytest.approx(expected)
