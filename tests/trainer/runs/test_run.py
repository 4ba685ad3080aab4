import pytest

from tests.stand_ins import fake_runs
from trainer.runs import run


@pytest.mark.parametrize(
    ("ious", "epochs", "patience", "ended_early"),
    [
        ((0.5, 0.25, 0.5), 9, 2, True),
        ((0.5, "nan", "nan"), 9, 2, True),
        (("nan", "nan", "nan"), 9, 2, True),
        ((0.5, 0.25, 0.75), 9, 2, False),
        (("nan", 0.25, 0.125), 9, 2, False),
        ((0.5, 0.25), 9, 2, False),
        ((0.5, 0.25, 0.5), 9, 0, False),
        ((0.5, 0.25, 0.5), 3, 2, False),
        ((), 9, 2, False),
    ],
)
def test_a_run_ends_early_where_the_training_would_end_it(
    tmp_path, ious, epochs, patience, ended_early
):
    config = fake_runs.config(
        tmp_path / "a", epochs=epochs, early_stopping_patience=patience
    )
    fake_runs.write(tmp_path / "a", ious, losses=(1.0,) * len(ious))
    assert run.read("a", config).ended_early == ended_early
