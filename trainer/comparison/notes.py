"""What is missing, and what of several runs does not compare."""

import itertools
from collections.abc import Iterator, Sequence

from schemas.labels.table import first_difference
from trainer.comparison import differences, scores
from trainer.config import run_dir
from trainer.config.optimization import LossConfig
from trainer.config.options import own_flags
from trainer.runs.evaluations import Evaluation
from trainer.runs.run import Run

_SCORED_BY = (
    "data_dir",
    "eval_split",
    "resize",
    "label_space",
    "ignore_void",
)
"""Flags that decide what a training's own scores are measured on."""

_LOSS = tuple(flag.name for flag in own_flags(LossConfig))


def find(runs: Sequence[Run]) -> list[str]:
    """Returns what a reader has to know, a line each, the worst first."""
    return [
        *itertools.chain.from_iterable(run.problems for run in runs),
        *_unscored(runs),
        *_other_classes(runs),
        *_other_curves(runs),
        *_other_data(runs),
        *_unfinished(runs),
        *_same_seeds(runs),
    ]


def _unscored(runs: Sequence[Run]) -> Iterator[str]:
    bare = [run for run in runs if not run.evaluations]
    if bare:
        yield (
            f"{_names(bare)}: no evaluation.json, so no scores of classes and "
            "no pictures of evaluated frames; python -m trainer.task "
            f"--mode=evaluate --model_dir={bare[0].folder} writes it"
        )


def _other_classes(runs: Sequence[Run]) -> Iterator[str]:
    first = runs[0]
    for run in runs[1:]:
        difference = first_difference(
            run.config.model.labels, first.config.model.labels
        )
        if difference:
            yield (
                f"{run.name} has other classes than {first.name}: "
                f"{difference}; classes of one name are compared"
            )


def _other_curves(runs: Sequence[Run]) -> Iterator[str]:
    scored = differences.differing(runs, _SCORED_BY)
    if scored:
        yield (
            f"the runs differ in {', '.join(scored)}: what they score while "
            "they train is measured on other frames, sizes or classes and does "
            "not compare"
        )
    loss = differences.differing(runs, _LOSS)
    if loss:
        yield f"the runs differ in {', '.join(loss)}: losses do not compare"


def _other_data(runs: Sequence[Run]) -> Iterator[str]:
    for name in scores.evaluation_names(runs):
        groups = scores.same_data(runs, name)
        stem = run_dir.stem(name)
        if len(groups) > 1:
            parts = "; ".join(
                f"{_names(group)} {group[0].evaluations[name]}"
                for group in groups
            )
            yield (
                f"{stem} is of several data sets, which do not compare: {parts}"
            )
        for group in groups:
            first = group[0]
            for run in group[1:]:
                words = _other_way(
                    run.evaluations[name], first.evaluations[name]
                )
                if words:
                    yield (
                        f"{stem} of {run.name} was made otherwise than that "
                        f"of {first.name}: {words}"
                    )


def _other_way(here: Evaluation, there: Evaluation) -> str:
    """Says in what two evaluations of the same frames differ."""
    options = {**there.options, **here.options}
    pairs = [
        (name, here.options.get(name), there.options.get(name))
        for name in options
    ]
    pairs.append(("label maps of", here.sizes, there.sizes))
    mine, other = run_dir.name(here.source), run_dir.name(there.source)
    pairs.append(("network", mine, other))
    return ", ".join(
        f"{name} {_word(mine)}, not {_word(other)}"
        for name, mine, other in pairs
        if mine != other
    )


def _unfinished(runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        if run.is_unfinished:
            yield (
                f"{run.name} has done {len(run.rows)} of {run.config.epochs} "
                "epochs"
            )


def _same_seeds(runs: Sequence[Run]) -> Iterator[str]:
    for group in differences.seed_groups(runs):
        for seed in sorted({run.config.seed for run in group}):
            same = [run for run in group if run.config.seed == seed]
            if len(same) > 1:
                yield (
                    f"{_names(same)} have the same flags and the same seed, "
                    f"{seed}; they count once each in mean and spread"
                )


def _names(runs: Sequence[Run]) -> str:
    return ", ".join(run.name for run in runs)


def _word(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)
