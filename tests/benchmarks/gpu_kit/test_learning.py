import math

import pytest

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stages import learning


@pytest.mark.parametrize(
    ("untrained", "trained", "is_right"),
    [(0.01, 0.02, True), (0.02, 0.02, False), (0.01, math.nan, False)],
)
def test_a_score_has_to_be_better_than_without_a_step(
    capsys, untrained, trained, is_right
):
    learning._emit_scores(untrained, trained)
    (row,) = stage.read_rows(capsys.readouterr().out)
    assert row.is_right is is_right
    assert row.note == f"{100 * untrained:.2f} before the first step"
