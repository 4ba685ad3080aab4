import json
import math

import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS
from schemas.labels.colors import SURE
from trainer.metrics.calibration import NUM_BINS, Calibration, count_confidence

ROAD, SKY, PARKING, IGNORED = 7, 23, 9, 255


def counted(truth, predicted, confidence):
    levels = np.rint(np.array([confidence]) * SURE).astype(np.uint16)
    ids = (np.array([row], np.uint8) for row in (truth, predicted))
    return count_confidence(*ids, levels, LABEL_IDS)


def test_the_error_is_that_of_the_definition_by_hand():
    # Bin 8 holds (7/15, 8/15]: confidences of 0.5, 0.5, 0.5, one is right.
    # Bin 15 holds (14/15, 1]: of 0.96 and 1, both are right.
    # Ignored truth counts nowhere, whatever the confidence.
    truth = [ROAD, ROAD, SKY, ROAD, SKY, PARKING, IGNORED]
    predicted = [ROAD, SKY, ROAD, ROAD, SKY, ROAD, ROAD]
    confidence = [0.5, 0.5, 0.5, 0.96, 1.0, 0.1, 0.9]
    counts = counted(truth, predicted, confidence)
    assert counts[0].tolist() == [0] * 7 + [3] + [0] * 6 + [2]
    assert counts[1].tolist() == [0] * 7 + [1] + [0] * 6 + [2]
    result = Calibration(counts)
    by_hand = 3 / 5 * abs(1 / 3 - 0.5) + 2 / 5 * abs(1 - 0.98)
    assert result.error == pytest.approx(by_hand, abs=1e-5)
    assert result.accuracy[7] == pytest.approx(1 / 3)
    assert result.confidence[14] == pytest.approx(0.98, abs=1e-5)


def test_a_bin_holds_its_upper_end_and_not_its_lower_one():
    ends = np.arange(NUM_BINS + 1) / NUM_BINS
    ids = [ROAD] * len(ends)
    assert counted(ids, ids, ends)[0].tolist() == [2] + [1] * 14
    above = np.minimum(ends + 1 / SURE, 1)
    assert counted(ids, ids, above)[0].tolist() == [1] * 14 + [2]


def test_a_network_that_is_right_as_often_as_it_says_is_calibrated():
    random = np.random.default_rng(0)
    levels = random.integers(0, SURE + 1, (400, 500)).astype(np.uint16)
    truth = np.full(levels.shape, ROAD, np.uint8)
    is_right = random.random(levels.shape) < levels / SURE
    predicted = np.where(is_right, ROAD, SKY).astype(np.uint8)
    counts = count_confidence(truth, predicted, levels, LABEL_IDS)
    assert Calibration(counts).error < 0.004
    always = np.full_like(levels, SURE)
    counts = count_confidence(truth, predicted, always, LABEL_IDS)
    assert Calibration(counts).error == pytest.approx((~is_right).mean())


def test_counts_of_frames_add_up_to_those_of_all():
    random = np.random.default_rng(1)
    truth, predicted = random.choice([ROAD, SKY], (2, 6, 50)).astype(np.uint8)
    levels = random.integers(0, SURE + 1, (6, 50)).astype(np.uint16)
    parts = [
        count_confidence(
            *(a[rows] for a in (truth, predicted, levels)), LABEL_IDS
        )
        for rows in (slice(2), slice(2, 6))
    ]
    at_once = count_confidence(truth, predicted, levels, LABEL_IDS)
    np.testing.assert_array_equal(sum(parts), at_once)


def test_numbers_are_strict_json_with_none_for_empty_bins():
    counts = counted([ROAD, ROAD], [ROAD, SKY], [0.75, 0.75])
    result = json.loads(
        json.dumps(Calibration(counts).to_dict(), allow_nan=False)
    )
    assert result["expectedCalibrationError"] == pytest.approx(0.25, abs=1e-5)
    assert len(result["bins"]) == NUM_BINS
    full = result["bins"][11]
    assert full["above"] == 11 / 15 and full["upTo"] == 12 / 15
    assert full["pixels"] == 2 and full["accuracy"] == 0.5
    assert result["bins"][0]["confidence"] is None
    assert math.isnan(Calibration(np.zeros((3, NUM_BINS), int)).error)
