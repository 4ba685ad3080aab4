"""The IoU of each class, of runs that were scored on the same frames."""

import dataclasses
from collections.abc import Mapping, Sequence

from trainer.comparison import scores
from trainer.config import run_dir
from trainer.runs.run import Run


@dataclasses.dataclass(frozen=True)
class ClassTable:
    """What runs score on the same frames.

    Attributes:
        title: What was scored, in words.
        runs: The runs, two or more.
        ious: Class → its IoU in [0, 1] of each run, None where it is not
            defined; those that differ most come first.
    """

    title: str
    runs: Sequence[Run]
    ious: Mapping[str, Sequence[float | None]]


def tables(runs: Sequence[Run]) -> list[ClassTable]:
    """Returns a table for each evaluation that two runs or more have."""
    return [
        _table(group, name)
        for name in scores.evaluation_names(runs)
        for group in scores.same_data(runs, name)
        if len(group) > 1
    ]


def difference(ious: Sequence[float | None]) -> float | None:
    """Returns what lies between the lowest and the highest IoU."""
    defined = [iou for iou in ious if iou is not None]
    return max(defined) - min(defined) if len(defined) > 1 else None


def _table(group: Sequence[Run], name: str) -> ClassTable:
    found = [run.evaluations[name] for run in group]
    names = dict.fromkeys(
        label for evaluation in found for label in evaluation.classes
    )
    rows = {
        label: [evaluation.classes.get(label) for evaluation in found]
        for label in names
    }
    scored = {
        label: row
        for label, row in rows.items()
        if any(iou is not None for iou in row)
    }
    order = sorted(scored, key=lambda label: -(difference(scored[label]) or 0))
    return ClassTable(
        f"{run_dir.stem(name)}: {found[0]}",
        group,
        {label: scored[label] for label in order},
    )
