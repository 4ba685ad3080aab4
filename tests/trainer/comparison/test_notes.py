import pytest

from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import ignoring
from tests.stand_ins import fake_runs
from trainer.comparison import notes, runs


def find(*folders):
    return notes.find(runs.open_runs(list(map(str, folders))))


@pytest.fixture
def two(tmp_path):
    """Two complete runs that differ in their seed."""
    folders = [
        fake_runs.write(tmp_path / name, seed=seed)
        for name, seed in (("a", 1), ("b", 2))
    ]
    for folder in folders:
        fake_runs.evaluate(folder)
    return folders


def test_complete_runs_have_no_notes(two):
    assert find(*two) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("metrics.csv", None, "is missing: the run has no curves yet"),
        ("metrics.csv", "epoch\n1\n", "it has no column 'step'"),
        ("metrics.csv", f"{fake_runs.COLUMNS}\n,2\n", "an epoch has no number"),
        ("metrics.csv", "\0\xff", "is not as a training wrote it"),
        ("evaluation.json", "[]", "is not as an evaluation wrote it"),
        ("evaluation.json", "{", "its scores are left out"),
        ("evaluation.json", '{"split": "val"}', "KeyError('averageScore"),
        ("evaluation.json", "[" * 100_000, "RecursionError("),
    ],
)
def test_missing_and_damaged_files_are_a_line_each(two, name, content, reason):
    path = two[1] / name
    path.unlink()
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    first, *others = find(*two)
    assert str(path) in first and reason in first
    # What was left out is not there, either.
    assert len(others) == (name == "evaluation.json")


def test_runs_without_scores_are_told_how_to_get_them(two):
    (two[1] / "evaluation.json").unlink()
    [line] = find(*two)
    assert line.startswith("b: no evaluation.json, so no scores of classes")
    assert f"--mode=evaluate --model_dir={two[1]} writes it" in line


def test_what_does_not_compare_is_said(tmp_path):
    plain = fake_runs.write(tmp_path / "plain")
    other = fake_runs.write(
        tmp_path / "other",
        loss="focal",
        data_dir="elsewhere",
        labels=ignoring(CITYSCAPES, 8),
        epochs=9,
    )
    fake_runs.evaluate(plain)
    fake_runs.evaluate(other, split="test", dataSet=None)
    lines = find(plain, other)
    assert "other has other classes than plain: id 8 is 'sidewalk'" in lines[0]
    assert lines[1].startswith("the runs differ in --data_dir: what they score")
    assert lines[2:] == [
        "the runs differ in --loss: losses do not compare",
        "evaluation is of several data sets, which do not compare: plain val "
        "of data, 1 frame; other test, 1 frame",
        "other has done 2 of 9 epochs",
    ]


def test_a_run_that_patience_ended_is_complete(tmp_path):
    folders = [
        fake_runs.write(
            tmp_path / name,
            ious,
            epochs=9,
            early_stopping_patience=1,
            seed=seed,
        )
        for seed, (name, ious) in enumerate(
            {"ended": (0.5, 0.25), "killed": (0.25, 0.5)}.items()
        )
    ]
    for folder in folders:
        fake_runs.evaluate(folder)
    assert find(*folders) == ["killed has done 2 of 9 epochs"]


def test_evaluations_of_other_options_are_named(two):
    fake_runs.evaluate(
        two[1],
        source="best/last.keras",
        sizes={"16x24": 1},
        inference={"scales": [0.5, 1.0], "resize": None, "new": True},
    )
    assert find(*two) == [
        "evaluation of b was made otherwise than that of a: scales 0.5,1.0, "
        "not 1.0, new True, not none, label maps of 16x24, not 32x48, network "
        "last.keras, not best.keras"
    ]


def test_repeated_seeds_are_named(two, tmp_path):
    copy = fake_runs.write(tmp_path / "copy", seed=2)
    fake_runs.evaluate(copy)
    assert find(*two, copy) == [
        "b, copy have the same flags and the same seed, 2; they count once "
        "each in mean and spread"
    ]
