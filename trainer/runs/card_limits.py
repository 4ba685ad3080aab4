"""What a network cannot do, as far as its run's files tell."""

from collections.abc import Iterator

import numpy as np

from schemas.quantities import counted, percent
from trainer.config import run_dir, seen_ids
from trainer.config.flag import ConfigError
from trainer.data.run_records import RunRecords
from trainer.runs.evaluations import Evaluation
from trainer.runs.markdown import plain
from trainer.runs.run import Run
from trainer.storage import files

_WEAK_IOU = 0.5
"""Where more of a class is wrong than right."""

_UNSURE = 0.05
"""A calibration error that thresholds on probabilities suffer from."""


def find(read: Run, records: RunRecords | None) -> list[str]:
    """Returns the limits, a line of Markdown each.

    Args:
        read: The run.
        records: What it learned from; None where that is not at hand.
    """
    return [
        *_unfinished(read),
        *_unseen(read),
        *_weak(read),
        *_optimistic(read, records),
        *_calibration(read),
        "It knows the cameras, places, seasons and weather of its data. "
        "Pictures that differ from those are labelled worse, without a sign "
        "of it: score it on labelled pictures of your own first.",
        "Each pixel gets one of the classes, whatever it shows.",
        "Nobody has examined it for uses that safety depends on.",
        "No license is stated. What the terms of its data and of its first "
        "weights allow holds for it, too; add `license:` to the head before "
        "you publish it.",
    ]


def _unfinished(read: Run) -> Iterator[str]:
    if len(read.rows) < read.config.epochs:
        yield (
            f"Its training has done {len(read.rows)} of {read.config.epochs} "
            "epochs."
        )


def _unseen(read: Run) -> Iterator[str]:
    """Names the classes that did not occur in training."""
    space = read.config.model.space
    path = files.join(read.folder, run_dir.BEST_NETWORK)
    try:
        seen = seen_ids.load(path, space)
    except (ConfigError, OSError):
        return
    if seen is not None and not seen.all():
        names = [space.class_names[index] for index in np.flatnonzero(~seen)]
        yield (
            f"It does not know {counted(len(names), 'class', 'classes')} that "
            f"no pixel of its training counted for: {_join(names)}."
        )


def _weak(read: Run) -> Iterator[str]:
    for scored in read.evaluations.values():
        weak = {
            name: iou
            for name, iou in scored.classes.items()
            if iou is not None and iou < _WEAK_IOU
        }
        if weak:
            names = [
                f"{name} ({percent(iou)} %)"
                for name, iou in sorted(weak.items(), key=lambda item: item[1])
            ]
            yield (
                f"Poor classes on `{scored.data_set.split}`, by an IoU below "
                f"{100 * _WEAK_IOU:.0f} %: {_join(names)}."
            )


def _optimistic(read: Run, records: RunRecords | None) -> Iterator[str]:
    """Says which scores are higher than those of new pictures."""
    split = read.config.data.eval_split
    if records and records.is_scored_on_its_training:
        yield (
            f"`{split}`, on which it was scored, is among its training data: "
            "these scores say nothing of new pictures."
        )
    elif _chosen_by(read):
        yield (
            f"`{run_dir.BEST_NETWORK}` is of the epoch that scored best on "
            f"`{split}`, which makes the scores on `{split}` a little too "
            "high; those of a split that nothing was chosen by are not."
        )


def _chosen_by(read: Run) -> list[Evaluation]:
    """Returns the evaluations of the split that the best epoch was told by."""
    return [
        scored
        for scored in read.evaluations.values()
        if scored.data_set.split == read.config.data.eval_split
        and run_dir.name(scored.source) == run_dir.BEST_NETWORK
    ]


def _calibration(read: Run) -> Iterator[str]:
    for scored in read.evaluations.values():
        error = scored.calibration_error
        if error is not None and error > _UNSURE:
            yield (
                f"Its probabilities are off by {percent(error)} % on "
                f"`{scored.data_set.split}` on the whole: set thresholds on "
                "them by pictures of your own."
            )


def _join(names: list[str]) -> str:
    return ", ".join(map(plain, names))
