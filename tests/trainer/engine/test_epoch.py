import math

import numpy as np
import pytest

from tests.tiny_run import make_row
from trainer.engine.epoch import EpochScores, Pending, has_stalled


def test_losses_are_averaged_over_what_counted():
    scores = EpochScores(2, None)
    assert not scores.has_pixels and scores.loss == 0
    scores.update(1.0, 3.0, np.array([[2, 1], [0, 0]]))
    scores.update(5.0, 1.0, np.array([[0, 0], [0, 1]]))
    assert scores.loss == 2.0
    assert scores.matrix.pixel_accuracy() == 3 / 4
    again = EpochScores(2, None)
    again.restore(scores.state())
    assert again.loss == 2.0
    assert again.matrix.counts.tolist() == [[2, 1], [0, 1]]


def test_eight_results_are_under_way_and_are_taken_in_order():
    absorbed = []
    pending = Pending(lambda step, loss: absorbed.append((step, loss)))
    for step in range(10):
        pending.add(step, step / 2)
    assert absorbed == [(0, 0.0), (1, 0.5)]
    pending.finish()
    assert absorbed == [(step, step / 2) for step in range(10)]


def test_the_averaged_weights_score_counts_where_there_is_one():
    assert make_row(1, 0.25).score == 0.25
    assert make_row(1, 0.25, 0.5).score == 0.5
    assert make_row(1, math.nan).score == -1


@pytest.mark.parametrize(
    ("scores", "stalled"),
    [
        ([0.5], False),
        ([0.5, 0.4], False),
        ([0.5, 0.4, 0.5], True),
        ([0.5, 0.4, 0.6], False),
        ([0.5, 0.6, 0.4], False),
        ([math.nan, 0.5, math.nan], False),
        ([0.5, math.nan, math.nan], True),
    ],
)
def test_a_run_has_stalled_after_epochs_without_a_better_score(scores, stalled):
    assert has_stalled(scores, patience=2) == stalled
    assert not has_stalled(scores, patience=0)
