import pytest

from tests.stand_ins import fake_runs
from trainer.comparison import runs
from trainer.config import run_dir


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (("x/first", "y/second"), ["first", "second"]),
        (("x/first", "y/first"), ["x/first", "y/first"]),
        (("x/a/run", "x/b/run/", "x/b/b"), ["a/run", "b/run", "b/b"]),
    ],
)
def test_runs_are_called_by_what_tells_their_folders_apart(
    tmp_path, monkeypatch, folders, names
):
    monkeypatch.chdir(tmp_path)
    for folder in folders:
        fake_runs.write(tmp_path / folder)
    assert [run.name for run in runs.open_runs(folders)] == names


def test_a_run_is_read_with_all_its_evaluations(tmp_path):
    folder = fake_runs.write(tmp_path / "a", losses=(3.0, 2.0))
    for name in ("", "acdc-val", "test"):
        fake_runs.evaluate(folder, name=name)
    (folder / "evaluation-.json").write_text("nothing")
    (folder / "evaluations.json").write_text("nothing")
    other = fake_runs.write(tmp_path / "b")
    run, _ = runs.open_runs([str(folder), str(other)])
    assert list(run.evaluations) == ["acdc-val", "test", ""]
    assert run.evaluations[""].classes["road"] == 0.75
    assert run.evaluations[""].frames == {fake_runs.FRAME: 0.75}
    assert [row["loss"] for row in run.rows] == [3, 2]
    assert run.scores == [0.25, 0.5] and run.seconds == 60
    assert run.problems == ()


def test_folders_behind_a_scheme_are_read(tmp_path):
    local = fake_runs.write(tmp_path / "a")
    fake_runs.evaluate(local)
    fake_runs.write(tmp_path / "b")
    remote = f"file://{local}"
    run, other = runs.open_runs([remote, str(tmp_path / "b")])
    assert (run.name, other.name) == ("a", "b")
    assert run.folder == remote and len(run.rows) == 2
    assert run.evaluations[""].num_frames == 1


@pytest.mark.parametrize("name", ["", "test", "a-b.c"])
def test_names_of_files_are_read_again(name):
    file_name = run_dir.named(run_dir.EVALUATION, name)
    assert run_dir.name_in(file_name, run_dir.EVALUATION) == name
    assert run_dir.name_in(file_name, run_dir.REPORT) is None
