import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS
from trainer.metrics import boundary

ROAD, SKY, CAR, PARKING = 7, 23, 26, 9


def inner_band(mask, distance):
    """Erodes pixel by pixel; returns what that took away."""
    height, width = mask.shape
    band = np.zeros_like(mask)
    for y, x in zip(*np.nonzero(mask), strict=True):
        rows = range(y - distance, y + distance + 1)
        columns = range(x - distance, x + distance + 1)
        band[y, x] = not all(
            0 <= row < height and 0 <= column < width and mask[row, column]
            for row in rows
            for column in columns
        )
    return band


def by_definition(truth, prediction, distance):
    """(2, C): intersections and unions as the paper's formula has them."""
    is_ignored = np.isin(
        truth, [*np.array(LABEL_IDS.ids)[~LABEL_IDS.evaluated], 255]
    )
    counts = np.zeros((2, LABEL_IDS.num_classes), np.int64)
    for index, label_id in enumerate(LABEL_IDS.ids):
        bands = [
            inner_band((ids == label_id) & ~is_ignored, distance)
            for ids in (truth, prediction)
        ]
        counts[:, index] = (
            (bands[0] & bands[1]).sum(),
            (bands[0] | bands[1]).sum(),
        )
    return counts


@pytest.mark.parametrize("share", [0.001, 0.06, 0.13, 3])
def test_counts_are_those_of_the_papers_formula(monkeypatch, share):
    random = np.random.default_rng(0)
    some = np.array([ROAD, SKY, CAR, PARKING, 255], np.uint8)
    blocks = random.integers(0, 5, (5, 6))
    truth = some[np.kron(blocks, np.ones((6, 7), int))]
    prediction = np.roll(truth, (2, 1), (0, 1))
    prediction[prediction == 255] = SKY
    prediction[random.random(truth.shape) < 0.01] = CAR
    monkeypatch.setattr(boundary, "SHARE_OF_DIAGONAL", share)
    counts = boundary.count_boundaries(truth, prediction, LABEL_IDS)
    distance = max(1, round(share * np.hypot(*truth.shape)))
    expected = by_definition(truth, prediction, distance)
    np.testing.assert_array_equal(counts, expected)
    assert counts[1, ROAD] > counts[0, ROAD] > 0


def test_a_square_by_hand():
    # In 60x80 the band is 2 pixels wide: of 10x10 pixels it leaves 6x6.
    truth = np.full((60, 80), ROAD, np.uint8)
    truth[20:30, 20:30] = CAR
    prediction = np.full((60, 80), ROAD, np.uint8)
    prediction[20:30, 22:32] = CAR
    counts = boundary.count_boundaries(truth, prediction, LABEL_IDS)
    both = 2 * 2 * 8  # Above and below; what is left and right does not meet.
    assert counts[:, CAR].tolist() == [both, 2 * (100 - 36) - both]


def test_what_the_truth_ignores_is_as_outside_the_picture():
    truth = np.full((60, 80), ROAD, np.uint8)
    truth[:, :40] = PARKING
    prediction = np.full((60, 80), ROAD, np.uint8)
    counts = boundary.count_boundaries(truth, prediction, LABEL_IDS)
    band = 60 * 40 - 56 * 36
    assert counts[:, ROAD].tolist() == [band, band]
    assert counts.sum() == 2 * band


def test_the_distance_is_two_percent_of_the_diagonal():
    assert boundary.distance_px((1024, 2048)) == 46
    assert boundary.distance_px((10, 10)) == 1
