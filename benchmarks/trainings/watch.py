"""Runs a training to its end, or to its budget, and dates its scores."""

import dataclasses
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from typing import IO

from benchmarks.harness import process

_POLL_SECONDS = 1.0
_SAMPLES_PER_SECOND = 2  # A training's memory stays where it is for minutes.


@dataclasses.dataclass(frozen=True)
class Score:
    """What a training scores after some of its steps.

    Attributes:
        step: The steps that are done.
        mean_iou: On the evaluation split, 0 to 1.
    """

    step: int
    mean_iou: float


@dataclasses.dataclass(frozen=True)
class Point(Score):
    """A score and what it took.

    Attributes:
        minutes: Processor time of the training's own processes until then:
            evaluations are included where it evaluates by itself.
    """

    minutes: float


@dataclasses.dataclass(frozen=True)
class Course:
    """A training as far as it went.

    Attributes:
        points: One for each score, in order.
        peak_mb: The highest memory of its processes together, in MiB.
        is_over: Whether it ended or used its budget up.
    """

    points: tuple[Point, ...] = ()
    peak_mb: float = 0.0
    is_over: bool = False

    def first_above(self, mean_iou: float) -> Point | None:
        """Returns the first point that reaches a mean IoU."""
        reached = (p for p in self.points if p.mean_iou >= mean_iou)
        return next(reached, None)

    @property
    def minutes(self) -> float:
        """Processor time until the last score."""
        return self.points[-1].minutes if self.points else 0.0


def load(path: str) -> Course:
    """Reads what `save` wrote; an empty course where there is nothing."""
    if not os.path.exists(path):
        return Course()
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    points = tuple(Point(**point) for point in content.pop("points"))
    return Course(points, **content)


def save(course: Course, path: str) -> None:
    """Writes a course as JSON, in one go."""
    partial = f"{path}.partial"
    with open(partial, "w", encoding="utf-8") as file:
        json.dump(dataclasses.asdict(course), file, indent=1)
    os.replace(partial, path)


def follow(
    command: Sequence[str],
    read_scores: Callable[[], list[Score]],
    path: str,
    budget_minutes: float,
    stdin: IO[bytes] | None = None,
) -> Course:
    """Runs a training, or resumes it, and writes its course as it goes.

    A training that was interrupted is resumed behind the last score that is
    in `path`; what it had done beyond does not count twice.  A score is dated
    when it is found: a second late at most, or as long as `read_scores` takes.

    Args:
        command: The training.
        read_scores: Returns the scores that there are until now.
        path: The course's file.
        budget_minutes: Processor time after which it is stopped.
        stdin: What it reads.

    Raises:
        CommandError: It failed, or ended without a score.
    """
    course = load(path)
    if course.is_over:
        return course
    before = course.minutes
    log = f"{os.path.splitext(path)[0]}.log"
    with (
        open(log, "ab") as output,
        process.started(
            command,
            _SAMPLES_PER_SECOND,
            stdin=stdin,
            stdout=output,
            stderr=output,
        ) as running,
    ):
        is_running, seconds = True, 0.0
        while is_running and before + seconds / 60 < budget_minutes:
            time.sleep(_POLL_SECONDS)
            # Asking whether it has ended drops what an ended one took.
            seconds = max(seconds, running.cpu_seconds())
            is_running = running.process.poll() is None
            known = course
            course = _grown(known, read_scores(), before + seconds / 60)
            course = dataclasses.replace(
                course, peak_mb=max(course.peak_mb, running.peak_mb or 0.0)
            )
            if course.points != known.points:
                save(course, path)
        if is_running:
            running.process.send_signal(signal.SIGTERM)
            running.process.wait()
        elif running.process.returncode:
            code = running.process.returncode
            raise _failure(command, f"with exit code {code}", log)
    if not course.points:
        if is_running:
            raise _failure(command, "at its budget, without a score", log)
        raise _failure(command, "without a score", log)
    course = dataclasses.replace(course, is_over=True)
    save(course, path)
    return course


def _grown(course: Course, scores: Iterable[Score], minutes: float) -> Course:
    """Returns a course with the scores that it does not have yet."""
    done = course.points[-1].step if course.points else -1
    new = (
        Point(score.step, score.mean_iou, minutes)
        for score in scores
        if score.step > done
    )
    return dataclasses.replace(course, points=(*course.points, *new))


def _failure(command: Sequence[str], how: str, log: str) -> Exception:
    return process.CommandError(f"{' '.join(command)} ended {how}; see {log}")
