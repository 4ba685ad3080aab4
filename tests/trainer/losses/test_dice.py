import numpy as np
import pytest

from trainer.losses.dice import dice_loss
from trainer.losses.segmentation import SegmentationLoss, Terms

# Two classes; softmax of (0, ln 3) is (1/4, 3/4).
LOGITS = np.array([[[[0, np.log(3)], [0, np.log(3)]]]], np.float32)


def test_dice_counts_the_overlap_of_the_classes_present():
    loss = SegmentationLoss(
        np.ones(2, np.float32), terms=Terms(region=dice_loss)
    )
    value, _ = loss(np.array([[[0, 1]]], np.uint8), LOGITS)
    # Class 0: 2 * 1/4 / (1 + 1/2) = 1/3; class 1: 2 * 3/4 / (1 + 3/2) = 3/5.
    dice = 1 - (1 / 3 + 3 / 5) / 2
    expected = (np.log(4) + np.log(4 / 3)) / 2 + dice
    assert float(value) == pytest.approx(expected)
    value, _ = loss(np.array([[[255, 1]]], np.uint8), LOGITS)
    # Only class 1 occurs: 2 * 3/4 / (1 + 3/4) = 6/7.
    assert float(value) == pytest.approx(np.log(4 / 3) + 1 / 7)
