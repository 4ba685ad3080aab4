import json
import math

import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS
from trainer.metrics.confusion import count_pairs
from trainer.metrics.scores import Scores, format_table

ROAD, SIDEWALK, PARKING, CAR, TRUCK, SKY = 7, 8, 9, 26, 27, 23


def counts_of(*cells):
    counts = np.zeros((34, 34), np.int64)
    for truth, prediction, number in cells:
        counts[truth, prediction] = number
    return counts


def scores_of(*cells):
    return Scores(counts_of(*cells), LABEL_IDS)


# road: 6 right, 2 taken for sidewalk, 2 for parking, which is ignored
# car: 4 right, 4 taken for truck
# parking: its 50 pixels count nowhere, whatever is predicted there
SCORES = scores_of(
    (ROAD, ROAD, 6),
    (ROAD, SIDEWALK, 2),
    (ROAD, PARKING, 2),
    (CAR, CAR, 4),
    (CAR, TRUCK, 4),
    (PARKING, ROAD, 30),
    (PARKING, PARKING, 20),
)


def test_class_scores_follow_the_official_arithmetic():
    scores = SCORES.to_dict()["classScores"]
    assert scores["road"] == pytest.approx(6 / 10)
    assert scores["sidewalk"] == 0
    assert scores["car"] == pytest.approx(4 / 8)
    assert scores["truck"] == 0
    assert scores["parking"] is None
    assert scores["sky"] is None
    mean = SCORES.to_dict()["averageScoreClasses"]
    assert mean == pytest.approx((0.6 + 0 + 0.5 + 0) / 4)


def test_category_scores_forgive_mistakes_inside_the_category_only():
    result = SCORES.to_dict()
    # flat: road and sidewalk, 8 of 10; the 2 on ignored parking are missed.
    assert result["categoryScores"]["flat"] == pytest.approx(0.8)
    assert result["categoryScores"]["vehicle"] == 1
    assert result["categoryScores"]["sky"] is None
    assert result["categoryScores"]["void"] is None
    assert result["averageScoreCategories"] == pytest.approx(0.9)


def test_all_ids_are_scored_as_classes_beside_it():
    result = SCORES.to_dict()["allIds"]
    # road: 6 right, 4 missed, 30 taken from parking.
    assert result["classScores"]["road"] == pytest.approx(6 / 40)
    assert result["classScores"]["parking"] == pytest.approx(20 / 52)
    assert result["pixelAccuracy"] == pytest.approx(30 / 68)


def test_pixel_accuracy_leaves_ignored_truth_out():
    assert SCORES.to_dict()["pixelAccuracy"] == pytest.approx(10 / 18)


def test_the_dictionary_is_strict_json_with_the_official_keys():
    result = json.loads(json.dumps(SCORES.to_dict(), allow_nan=False))
    assert result["labels"]["bicycle"] == 33
    assert result["priors"]["parking"] == pytest.approx(50 / 68)
    assert result["confMatrix"][ROAD][PARKING] == 2
    assert len(result["classScores"]) == 34


def test_no_pixels_give_no_scores():
    result = scores_of().to_dict()
    assert result["averageScoreClasses"] is None
    assert result["averageScoreCategories"] is None


def test_the_table_says_size_and_label_space_beside_the_means():
    lines = format_table(SCORES, "360x480, label_ids").splitlines()
    assert lines[8] == (
        " 7  road                        0   14.71      15.00      60.00"
    )
    assert lines[10] == (
        " 9  parking                     -   73.53      38.46          -"
    )
    assert (
        "mean IoU, 4 of 19 classes        27.50 %  (360x480, label_ids)"
        in lines
    )
    assert (
        "mean IoU, 2 in the truth         55.00 %  (360x480, label_ids)"
        in lines
    )
    assert lines[-1].startswith("absent from the truth: sidewalk, building, ")


def test_classes_that_the_truth_lacks_are_told_from_those_that_it_holds():
    result = SCORES.to_dict()["inTruth"]
    # Sidewalk and truck are predicted only, the other 15 occur nowhere.
    assert result["averageScoreClasses"] == pytest.approx((0.6 + 0.5) / 2)
    assert result["numClasses"] == 2
    assert len(result["absentClasses"]) == 17
    assert {"sidewalk", "truck", "sky"} < set(result["absentClasses"])
    full = Scores(np.ones((34, 34), np.int64), LABEL_IDS)
    assert full.to_dict()["inTruth"]["absentClasses"] == []
    assert "absent" not in format_table(full, "")


def test_boundaries_are_scored_where_they_were_counted():
    assert "boundaryIoU" not in SCORES.to_dict()
    boundaries = np.zeros((2, 34), np.int64)
    boundaries[:, [ROAD, CAR, TRUCK, PARKING]] = [[3, 1, 0, 9], [4, 4, 2, 9]]
    scores = Scores(SCORES.counts, LABEL_IDS, boundaries)
    result = scores.to_dict()["boundaryIoU"]
    assert result["classScores"]["road"] == 0.75
    assert result["classScores"]["truck"] == 0
    assert result["classScores"]["parking"] is None
    assert result["classScores"]["sky"] is None
    assert result["averageScoreClasses"] == pytest.approx(1 / 3)
    assert list(scores.means())[:2] == [
        "mean IoU, 4 of 19 classes",
        "boundary IoU, 4 of 19 classes",
    ]
    lines = format_table(scores, "").splitlines()
    assert lines[0].endswith("  IoU of 34  IoU of 19   boundary")
    assert lines[8].endswith("      15.00      60.00      75.00")


def test_scores_equal_those_of_the_official_scripts():
    official = pytest.importorskip(
        "cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling"
    )
    random = np.random.default_rng(1)
    truth = random.integers(0, 31, (80, 90)).astype(np.uint8)
    guess = random.integers(0, 34, (80, 90)).astype(np.uint8)
    prediction = np.where(random.random((80, 90)) < 0.6, truth, guess)
    counts = count_pairs(truth, prediction, range(34))
    result = Scores(counts, LABEL_IDS).to_dict()
    args = official.args
    args.evalLabels = [row.label_id for row in LABEL_IDS.classes]
    unsigned = counts.astype(np.ulonglong)
    for row in LABEL_IDS.classes:
        _same(
            official.getIouScoreForLabel(row.label_id, unsigned, args),
            result["classScores"][row.name],
        )
    for name, score in result["categoryScores"].items():
        _same(official.getIouScoreForCategory(name, unsigned, args), score)


def _same(expected, actual):
    if math.isnan(expected):
        assert actual is None
    else:
        assert actual == pytest.approx(expected, abs=1e-9)
