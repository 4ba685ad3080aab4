import math
import statistics

import pytest

from tests.stand_ins import fake_runs
from trainer.comparison import runs, scores


def test_the_spread_is_that_of_a_sample():
    spread = scores.Spread.of([0.2, 0.3, 0.7])
    assert spread.mean == pytest.approx(0.4)
    # ((0.2² + 0.1² + 0.3²) / 2) ** 0.5
    assert spread.deviation == pytest.approx(0.07**0.5)
    assert spread.deviation == statistics.stdev([0.2, 0.3, 0.7])
    assert (spread.low, spread.high, spread.count) == (0.2, 0.7, 3)
    assert math.isnan(scores.Spread.of([0.5]).deviation)


def test_scores_are_those_of_the_saved_models_and_of_each_evaluation(tmp_path):
    first = fake_runs.write(tmp_path / "a", ious=(0.5, 0.25))
    second = fake_runs.write(tmp_path / "b", ema=0.75, seed=2)
    third = fake_runs.write(tmp_path / "c", ious=(), losses=())
    fake_runs.evaluate(first, hits=3)
    boundary = {"averageScoreClasses": 0.25}
    fake_runs.evaluate(second, hits=1, name="test", boundaryIoU=boundary)
    opened = runs.open_runs([str(first), str(second), str(third)])
    rows = scores.rows(opened)
    assert rows.pop("val mean IoU, best") == [0.5, 0.75, None]
    assert rows.pop("val mean IoU, last") == [0.25, 0.75, None]
    # Of road 3 of 4, of sky 4 of 5; 1 of 4 and 4 of 7.
    means = (3 / 4 + 4 / 5) / 2, (1 / 4 + 4 / 7) / 2
    assert rows == {
        "evaluation: mean IoU": [pytest.approx(means[0]), None, None],
        "evaluation: pixel accuracy": [7 / 8, None, None],
        "evaluation-test: mean IoU": [None, pytest.approx(means[1]), None],
        "evaluation-test: boundary IoU": [None, 0.25, None],
        "evaluation-test: pixel accuracy": [None, 5 / 8, None],
    }


def rows_of_two(tmp_path, *evaluations, **flags):
    """Returns the scores of two equal runs."""
    folders = [fake_runs.write(tmp_path / name, **flags) for name in "ab"]
    for folder in folders:
        for evaluation in evaluations:
            fake_runs.evaluate(folder, **evaluation)
    return scores.rows(runs.open_runs(list(map(str, folders))))


def test_equal_evaluations_keep_all_rows(tmp_path):
    rows = rows_of_two(tmp_path, {}, {"name": "latest"})
    for mean in ("mean IoU", "pixel accuracy"):
        plain = rows[f"evaluation: {mean}"]
        assert rows[f"evaluation-latest: {mean}"] == plain != [None, None]


def test_equal_means_of_an_evaluation_are_a_row_each(tmp_path):
    rows = rows_of_two(tmp_path, {"hits": 4})
    assert rows["evaluation: mean IoU"] == [1, 1]
    assert rows["evaluation: pixel accuracy"] == [1, 1]
    assert "evaluation: mean IoU in the truth" not in rows


@pytest.mark.parametrize(
    ("ious", "best", "last"),
    [
        (("nan", 0.5), 0.5, 0.5),
        ((0.5, "nan"), 0.5, None),
        (("nan", "nan"), None, None),
    ],
)
def test_the_best_is_of_the_epochs_that_have_a_score(
    tmp_path, ious, best, last
):
    rows = rows_of_two(tmp_path, ious=ious)
    assert rows.get("val mean IoU, best", [None, None]) == [best, best]
    assert rows.get("val mean IoU, last", [None, None]) == [last, last]


def test_scores_of_several_data_sets_have_no_spread(tmp_path):
    folders = [fake_runs.write(tmp_path / str(n), seed=n) for n in range(3)]
    for folder in folders:
        fake_runs.evaluate(folder)
        fake_runs.evaluate(folder, name="test", hits=2)
    other = {"folder": "other", "split": "val", "frames": "another"}
    other["firstFrame"] = {"name": "b", "shares": {}, "color": []}
    fake_runs.evaluate(folders[2], dataSet=other)
    spreads = scores.spreads(runs.open_runs(list(map(str, folders))))
    assert list(spreads) == [
        "val mean IoU, best",
        "val mean IoU, last",
        "evaluation-test: mean IoU",
        "evaluation-test: pixel accuracy",
    ]
    assert spreads["evaluation-test: mean IoU"].count == 3
