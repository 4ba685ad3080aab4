"""Tests that a training's scores are dated, and kept over interruptions."""

import pathlib
import sys

import pytest

from benchmarks.harness import process
from benchmarks.trainings import watch
from benchmarks.trainings.watch import Course, Point, Score

_TRAINING = """
import pathlib, signal, sys, time
path, first, last = pathlib.Path(sys.argv[1]), *map(int, sys.argv[2:])
for step in range(first, last):
    begin = time.process_time()
    while time.process_time() - begin < 0.6:
        pass
    with path.open("a") as file:
        file.write(f"{step} {step / 10}\\n")
    time.sleep(1.5)
"""


def command(path: pathlib.Path, first: int, last: int) -> tuple[str, ...]:
    """Returns a training that scores after each step of 0.6 s of work."""
    return (
        sys.executable, "-c", _TRAINING, str(path), str(first), str(last)
    )  # fmt: skip


def scores_in(path: pathlib.Path):
    def read() -> list[Score]:
        if not path.exists():
            return []
        rows = [line.split() for line in path.read_text().splitlines()]
        return [Score(int(step), float(iou)) for step, iou in rows]

    return read


def test_every_score_has_the_processor_time_until_it(tmp_path):
    log, course_path = tmp_path / "log", str(tmp_path / "course.json")
    course = watch.follow(
        command(log, 1, 4), scores_in(log), course_path, budget_minutes=1
    )
    assert [(p.step, p.mean_iou) for p in course.points] == [
        (1, 0.1),
        (2, 0.2),
        (3, 0.3),
    ]
    seconds = [60 * point.minutes for point in course.points]
    assert 0.6 <= seconds[0] < seconds[1] < seconds[2] < 8
    assert seconds[2] >= 1.8
    assert course.is_over and course.peak_mb > 0
    assert watch.load(course_path) == course


def test_a_training_is_stopped_at_its_budget(tmp_path):
    log = tmp_path / "log"
    course = watch.follow(
        command(log, 1, 100),
        scores_in(log),
        str(tmp_path / "course.json"),
        budget_minutes=1 / 60,
    )
    assert course.is_over and 1 <= len(course.points) < 10


_BUSY = "while True:\n    pass\n"


def test_the_budget_holds_behind_the_last_score_too(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0.1)
    log, path = tmp_path / "log", str(tmp_path / "course.json")
    log.write_text("1 0.1\n")
    busy = (sys.executable, "-c", _BUSY)
    course = watch.follow(busy, scores_in(log), path, budget_minutes=0.3 / 60)
    assert course.is_over and [p.step for p in course.points] == [1]


def test_a_budget_that_ends_before_a_score_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0.1)
    path, busy = str(tmp_path / "course.json"), (sys.executable, "-c", _BUSY)
    with pytest.raises(process.CommandError, match="at its budget, without a"):
        watch.follow(busy, list, path, budget_minutes=0.2 / 60)


def test_what_was_measured_before_is_not_measured_again(tmp_path):
    log, path = tmp_path / "log", str(tmp_path / "course.json")
    watch.save(Course((Point(1, 0.1, 2.0),), 5000.0), path)
    log.write_text("1 0.1\n")
    course = watch.follow(
        command(log, 2, 3), scores_in(log), path, budget_minutes=3
    )
    assert course.points[0] == Point(1, 0.1, 2.0)
    assert course.points[1].minutes >= 2 + 0.6 / 60
    assert course.peak_mb == 5000

    def fail() -> list[Score]:
        raise AssertionError("a training that is over is not looked at")

    assert watch.follow(("false",), fail, path, budget_minutes=3) == course


def test_a_failing_training_is_named_with_its_log(tmp_path):
    failing = (sys.executable, "-c", "exit('no such flag')")
    with pytest.raises(process.CommandError, match="code 1; see .*course.log"):
        watch.follow(failing, list, str(tmp_path / "course.json"), 1)
    assert (tmp_path / "course.log").read_text() == "no such flag\n"
    assert not (tmp_path / "course.json").exists()


def test_the_score_of_a_training_that_ends_at_once_has_its_time(tmp_path):
    log = tmp_path / "log"
    code = _TRAINING.replace("0.6", "0.2").replace("time.sleep(1.5)", "")
    course = watch.follow(
        (sys.executable, "-c", code, str(log), "1", "2"),
        scores_in(log),
        str(tmp_path / "course.json"),
        budget_minutes=1,
    )
    (point,) = course.points
    assert 0.2 <= 60 * point.minutes < 1


def test_memory_that_is_taken_after_the_last_score_counts(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0.1)
    monkeypatch.setattr(watch, "_SAMPLES_PER_SECOND", 20)
    code = (
        "import pathlib, sys, time\n"
        "pathlib.Path(sys.argv[1]).write_text('1 0.1')\n"
        "time.sleep(0.4)\n"
        "taken = bytearray(b'x') * (60 << 20)\n"
        "time.sleep(0.4)\n"
    )
    log, path = tmp_path / "log", str(tmp_path / "course.json")
    training = (sys.executable, "-c", code, str(log))
    course = watch.follow(training, scores_in(log), path, budget_minutes=1)
    assert course.peak_mb > 60
    assert watch.load(path) == course


def test_a_training_without_a_score_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0.1)
    with pytest.raises(process.CommandError, match="true ended without a sc"):
        watch.follow(("true",), list, str(tmp_path / "course.json"), 1)
