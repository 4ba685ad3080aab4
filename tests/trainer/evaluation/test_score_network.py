"""What only an evaluation of a network, or of whole frames, tells."""

import pytest

from tests.tiny_evaluation import evaluated, half_and_half, painted

ROAD, SKY, PARKING, CAR = 7, 23, 9, 26


def test_outlines_are_scored_by_hand(tmp_path):
    # In 60x80 a band is 2 pixels wide; the halves' border is 3 off.
    truth = half_and_half(ROAD, SKY, (60, 80))
    predicted = truth.copy()
    predicted[:, 37:40] = SKY
    result = evaluated(tmp_path, [(painted(predicted)[0], truth)])
    means, scores = result["means"], result["boundaryIoU"]["classScores"]
    pixels = (60 * 40 - 56 * 36) + (60 * 37 - 56 * 33)
    both = 60 * 37 - 56 * 35
    assert scores["road"] == pytest.approx(both / (pixels - both))
    assert scores["car"] is None and scores["parking"] is None
    mean = pytest.approx((scores["road"] + scores["sky"]) / 2)
    assert means["boundary IoU, 2 of 19 classes"] == mean


def test_confidence_is_held_against_accuracy(tmp_path, capsys):
    # The network is sure of everything. A tenth is ignored, a third wrong.
    truth = half_and_half(ROAD, SKY)
    truth[:2] = PARKING
    predicted = truth.copy()
    predicted[2:8] = CAR
    result = evaluated(tmp_path, [(painted(predicted)[0], truth)])
    calibration = result["calibration"]
    error = calibration["expectedCalibrationError"]
    assert error == pytest.approx(1 / 3, abs=1e-3)
    *empty, last = calibration["bins"]
    assert sum(part["pixels"] for part in empty) == 0
    assert last["pixels"] == 18 * 30
    assert last["accuracy"] == pytest.approx(2 / 3)
    assert last["confidence"] == pytest.approx(1, abs=1e-3)
    printed = f"{100 * error:6.2f} %  (15 bins of confidence)\n"
    printed = f"\nexpected calibration error      {printed}"
    assert printed in capsys.readouterr().out
    assert "Calibration" in (tmp_path / "run" / "report.html").read_text()
