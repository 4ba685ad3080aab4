"""The trainings that `benchmarks.accuracy` compares: commands and scores."""

import argparse
import csv
import dataclasses
import functools
import glob
import json
import os
from collections.abc import Callable

from benchmarks.harness import process
from benchmarks.trainings.watch import Score


@dataclasses.dataclass(frozen=True)
class Training:
    """A contender.

    Attributes:
        name: The name of its row.
        command: The training.
        folder: Its files; what cannot resume begins with an empty one.
        scores: Returns what it has scored until now.
        resumes: Whether the command continues what was interrupted.
        crops: What feeds it from another process; empty: it feeds itself.
    """

    name: str
    command: tuple[str, ...]
    folder: str
    scores: Callable[[], list[Score]]
    resumes: bool
    crops: tuple[str, ...] = ()


def _trainer(
    flags_file: str, label: str, flags: argparse.Namespace, records: str
) -> Training:
    run = os.path.join(flags.work_dir, f"{label}-{flags.seed}")

    def scores() -> list[Score]:
        path = os.path.join(run, "metrics.csv")
        return _read(path, "step", "val_mean_iou")

    return Training(
        f"configs/{flags_file}",
        process.module_command(
            "trainer.task",
            "--mode=train",
            *_trainer_flags(flags_file, flags, records),
            f"--model_dir={run}",
        ),
        run,
        scores,
        resumes=True,
    )


def _trainer_flags(
    flags_file: str, flags: argparse.Namespace, records: str
) -> tuple[str, ...]:
    return (
        f"--flagfile=configs/{flags_file}",
        f"--data_dir={records}",
        f"--seed={flags.seed}",
    )


def _peer(flags: argparse.Namespace, records: str) -> Training:
    run = os.path.join(flags.work_dir, f"peer-{flags.seed}")
    scores = os.path.join(run, "scores.csv")
    return Training(
        "segmentation_models.pytorch",
        (flags.peer_python, "-m", "benchmarks.trainings.smp", scores),
        run,
        lambda: _read(scores, "step", "mean_iou"),
        resumes=False,
        crops=process.module_command(
            "benchmarks.trainings.crops",
            flags.cityscapes_root,
            *_trainer_flags("camvid.flags", flags, records),
            f"--model_dir={flags.work_dir}/unused",
        ),
    )


def _recipe(flags: argparse.Namespace, records: str) -> Training:
    run = os.path.join(flags.work_dir, f"recipe-{flags.seed}")

    def scores() -> list[Score]:
        # These processes are not the training's: they take none of its minutes.
        found = []
        for path in glob.glob(f"{run}/recipe-*.keras"):
            folder = path.removesuffix(".keras")
            if not os.path.exists(f"{folder}/evaluation.json"):
                process.run(
                    process.module_command(
                        "trainer.task",
                        "--mode=evaluate",
                        f"--checkpoint={path}",
                        f"--data_dir={records}",
                        f"--model_dir={folder}",
                    )
                )
            with open(f"{folder}/evaluation.json", encoding="utf-8") as file:
                content = json.load(file)
            step = int(folder.rpartition("-")[2])
            found.append(Score(step, content["averageScoreClasses"]))
        return sorted(found, key=lambda score: score.step)

    return Training(
        "benchmarks.recipe",
        process.module_command(
            "benchmarks.recipe",
            f"--cityscapes_root={flags.cityscapes_root}",
            f"--seed={flags.seed}",
            f"--json={run}/recipe.json",
            "--save_each_epoch",
        ),
        run,
        scores,
        resumes=False,
    )


def _read(path: str, step: str, mean_iou: str) -> list[Score]:
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [
            Score(int(row[step]), float(row[mean_iou]))
            for row in csv.DictReader(file)
            if row[mean_iou]
        ]


CONTENDERS: dict[str, Callable[[argparse.Namespace, str], Training]] = {
    "recipe": _recipe,
    "unet": functools.partial(_trainer, "camvid_unet.flags", "unet"),
    "encoder": functools.partial(_trainer, "camvid.flags", "encoder"),
    "peer": _peer,
}
"""Name in --contenders → what makes its training of flags and records."""
