"""What differs between runs, and which of them differ in their seed alone."""

from collections.abc import Sequence

from schemas.labels.table import first_difference
from trainer.config.options import all_flags, values
from trainer.config.training import TrainConfig, deciding_flags
from trainer.runs.run import Run

SEED = "seed"
CLASSES = "(classes)"
CHANGES = "(changes)"
_OWN = ("model_dir", "allow_changes")
"""Flags that say nothing of a run's result, and differ or do not count."""


def flags(runs: Sequence[Run]) -> dict[str, list[str]]:
    """Returns the flags that differ: name → the value of each run.

    Values are as on a command line.  The classes of the data, and what was
    changed while a run was interrupted, stand behind the flags.
    """
    known = all_flags(TrainConfig)
    flat = [values(run.config) for run in runs]
    rows = {
        name: [flag.format(value[name]) for value in flat]
        for name, flag in known.items()
        if name not in _OWN
    }
    rows[CLASSES] = [_classes(run, runs[0]) for run in runs]
    rows[CHANGES] = [_changes(run) for run in runs]
    return {name: row for name, row in rows.items() if len(set(row)) > 1}


def decide(name: str) -> bool:
    """Whether a row of `flags` decides a run's result."""
    known = all_flags(TrainConfig)
    return (
        name not in known
        or name == "data_dir"
        or not (known[name].option.may_change)
    )


def differing(runs: Sequence[Run], names: Sequence[str]) -> list[str]:
    """Returns those of some flags that differ, as `--name`."""
    rows = flags(runs)
    return [f"--{name}" for name in names if name in rows]


def seed_groups(runs: Sequence[Run]) -> list[list[Run]]:
    """Returns the runs that differ in their seed alone, two or more each."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        decided = deciding_flags(run.config)
        decided.pop(SEED)
        key = repr((decided, run.config.model.labels.digest, _changes(run)))
        groups.setdefault(key, []).append(run)
    return [group for group in groups.values() if len(group) > 1]


def describe(group: Sequence[Run], runs: Sequence[Run]) -> str:
    """Says what a group of seeds has that other runs have not.

    Returns:
        `learning_rate=0.01, loss=focal`; empty where all runs are alike.
    """
    first = list(runs).index(group[0])
    return ", ".join(
        f"{name}={row[first]}"
        for name, row in flags(runs).items()
        if name != SEED and decide(name)
    )


def _classes(run: Run, first: Run) -> str:
    """Counts a run's classes; says how they differ from the first run's."""
    space = run.config.model.space
    words = f"{space.num_classes} {space.name}"
    difference = first_difference(
        run.config.model.labels, first.config.model.labels
    )
    return f"{words}; {difference}" if difference else words


def _changes(run: Run) -> str:
    return "; ".join(
        f"step {change.step}: {change.flag}={change.after}"
        for change in run.config.changes
    )
