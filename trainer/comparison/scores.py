"""Runs' scores: a row of each kind, their mean and their spread."""

import dataclasses
import itertools
import math
import statistics
from collections.abc import Sequence

from schemas.quantities import percent
from trainer.config import run_dir
from trainer.runs.evaluations import MEAN_IOU, MEAN_IOU_IN_TRUTH
from trainer.runs.run import Run

BEST = "val mean IoU, best"
LAST = "val mean IoU, last"


@dataclasses.dataclass(frozen=True)
class Spread:
    """How scores of several runs lie.

    Attributes:
        mean: Their mean.
        deviation: The sample standard deviation; nan of a single one.
        low: The lowest.
        high: The highest.
        count: How many they are.
    """

    mean: float
    deviation: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Takes one value or more."""
        several = len(values) > 1
        return cls(
            statistics.fmean(values),
            statistics.stdev(values) if several else math.nan,
            min(values),
            max(values),
            len(values),
        )


def rows(runs: Sequence[Run]) -> dict[str, list[float | None]]:
    """Returns the scores in [0, 1]: name → that of each run, None without.

    Those of training come first, then the means of each evaluation; rows
    without any score are left out.
    """
    table: dict[str, list[float | None]] = {
        BEST: [_best(run.scores) for run in runs],
        LAST: [_defined([math.nan, *run.scores][-1]) for run in runs],
    }
    for name in evaluation_names(runs):
        found = [run.evaluations.get(name) for run in runs]
        means = [e.means if e else {} for e in found]
        for mean in dict.fromkeys(itertools.chain.from_iterable(means)):
            table[f"{run_dir.stem(name)}: {mean}"] = [
                s.get(mean) for s in means
            ]
        all_classes, in_truth = (
            f"{run_dir.stem(name)}: {mean}"
            for mean in (MEAN_IOU, MEAN_IOU_IN_TRUTH)
        )
        if table[in_truth] == table[all_classes]:  # All are in the truth.
            del table[in_truth]
    table = {
        k: row for k, row in table.items() if any(v is not None for v in row)
    }
    return table


def spreads(group: Sequence[Run]) -> dict[str, Spread]:
    """Returns the spread of each of `rows`, but for scores of several sets."""
    mixed = {
        run_dir.stem(name)
        for name in evaluation_names(group)
        if len(same_data(group, name)) > 1
    }
    return {
        name: Spread.of([value for value in row if value is not None])
        for name, row in rows(group).items()
        if name.partition(":")[0] not in mixed
    }


def evaluation_names(runs: Sequence[Run]) -> list[str]:
    """Returns the names that evaluations of some run have, in order."""
    return sorted({name for run in runs for name in run.evaluations})


def same_data(runs: Sequence[Run], name: str) -> list[list[Run]]:
    """Groups the runs that have an evaluation of a name by what was scored."""
    groups: list[list[Run]] = []
    for run in runs:
        if name not in run.evaluations:
            continue
        scored = run.evaluations[name].data_set
        for group in groups:
            if group[0].evaluations[name].data_set.is_of(scored):
                group.append(run)
                break
        else:
            groups.append([run])
    return groups


def cells(spread: Spread) -> list[str]:
    """Writes mean, sample standard deviation, ends and number, in percent."""
    values = spread.mean, spread.deviation, spread.low, spread.high
    return [*map(percent, values), str(spread.count)]


def _best(values: Sequence[float]) -> float | None:
    return max(filter(math.isfinite, values), default=None)


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value
