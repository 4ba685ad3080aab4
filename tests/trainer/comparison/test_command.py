import pytest

from tests import commands
from tests.stand_ins import fake_runs
from trainer import compare


@pytest.fixture
def two(tmp_path):
    """Two runs that differ in their seed."""
    return [
        fake_runs.write(tmp_path / name, (0.1, score), seed=seed)
        for name, seed, score in (("first", 1, 0.2), ("second", 2, 0.4))
    ]


@pytest.fixture
def refuse(capsys, tmp_path):
    """Runs the command; returns its exit code and its line."""

    def run(*arguments) -> tuple[int, str]:
        capsys.readouterr()
        output = f"--output={tmp_path}/page.html"
        code = compare.main([output, *map(str, arguments)])
        err = capsys.readouterr().err
        assert commands.is_one_line(err), err
        assert not (tmp_path / "page.html").exists()
        return code, err

    return run


def test_it_prints_a_table_and_writes_a_page(two, tmp_path, capsys):
    output = tmp_path / "new" / "page.html"
    assert compare.main([*map(str, two), f"--output={output}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:4]] == [
        ["first", "second"],
        ["seed", "1", "2"],
        ["epochs", "2", "2"],
        ["val", "mean", "IoU,", "best,", "%", "20.00", "40.00"],
    ]
    assert "2 runs that differ in their seed alone (1, 2)" in lines
    assert lines[-1] == f"wrote {output}"
    best, _ = [line.split() for line in lines if line.endswith("  2")][-2:]
    assert best[-5:] == ["30.00", "14.14", "20.00", "40.00", "2"]
    assert "first" in output.read_text()


def test_many_runs_are_rows(tmp_path, capsys):
    runs = [
        fake_runs.write(tmp_path / f"run-{seed}", seed=seed)
        for seed in range(12)
    ]
    page = f"--output={tmp_path}/page.html"
    assert compare.main([*map(str, runs), page]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["seed", "epochs"]
    assert lines[12].split()[:2] == ["run-11", "11"]


def test_it_starts_without_tensorflow(two, tmp_path):
    output = f"--output={tmp_path}/page.html"
    imported = commands.imported("trainer.compare", *map(str, two), output)
    assert "trainer.comparison.page" in imported
    assert not imported & {"keras", "tensorflow", "jax"}


def test_its_own_page_is_replaced_and_no_other_file(two, tmp_path, refuse):
    page = tmp_path / "compare.html"
    for _ in range(2):
        assert compare.main([*map(str, two), f"--output={page}"]) == 0
    page.write_text("<title>My notes")
    code, line = refuse(*two, f"--output={page}")
    assert code == 1
    assert f"--output={page} is there and is no page of this command" in line
    assert page.read_text() == "<title>My notes"
    code, line = refuse(*two, f"--output={tmp_path}")
    assert code == 1 and "is a folder; name a file in it" in line


def test_fewer_than_two_runs_are_refused(two, refuse):
    code, line = refuse()
    assert code == 2
    assert line == "error: give the folders of two runs or more\n"
    code, line = refuse(two[0])
    assert code == 2 and f"two runs or more, got {two[0]} alone" in line


def test_a_run_that_comes_twice_is_refused(two, tmp_path, refuse):
    (tmp_path / "link").symlink_to(two[0])
    for other in (two[0], f"{two[0]}/", tmp_path / "link"):
        code, line = refuse(two[0], two[1], other)
        assert code == 2
        assert f"{two[0]} and {other} are one folder; leave one out" in line


def test_what_is_no_run_is_named(two, tmp_path, refuse):
    (tmp_path / "empty").mkdir()
    code, line = refuse(*two, tmp_path / "empty", tmp_path / "nowhere")
    assert code == 1
    assert (
        f"{tmp_path}/empty holds no config.json (2 folders are none); give "
        "folders that --mode=train wrote as --model_dir" in line
    )
    code, line = refuse(*two, tmp_path / "nowhere")
    assert f"{tmp_path}/nowhere does not exist; give folders" in line


def test_a_damaged_configuration_is_named(two, refuse):
    (two[1] / "config.json").write_text("{")
    code, line = refuse(*two)
    assert code == 1
    assert f"{two[1]}/config.json is not the configuration of a run" in line
    assert line.endswith("restore it, or leave the run out\n")


def test_unknown_flags_are_refused(two, refuse):
    code, line = refuse(*two, "--outptu=x.html")
    assert code == 2 and "--outptu=x.html" in line


def test_help_is_help(capsys):
    with pytest.raises(SystemExit) as end:
        compare.main(["--help"])
    assert not end.value.code
    assert "python -m trainer.compare runs/first" in capsys.readouterr().out
