"""What a network cannot do, as far as its run's files tell."""

from collections.abc import Iterator

import numpy as np

from schemas.quantities import counted, percent
from schemas.shards.names import split_name
from trainer.config import run_dir, seen_ids
from trainer.config.flag import ConfigError
from trainer.data import run_records
from trainer.runs.markdown import plain
from trainer.runs.run import Run
from trainer.storage import files

_WEAK_IOU = 0.5
"""Where more of a class is wrong than right."""

_UNSURE = 0.05
"""A calibration error that thresholds on probabilities suffer from."""


def find(read: Run) -> list[str]:
    """Returns the limits, a line of Markdown each."""
    return [
        *_unfinished(read),
        *_unseen(read),
        *_weak(read),
        *_optimistic(read),
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
    if read.problems:
        yield (
            f"{counted(len(read.problems), 'file')} of its run could not be "
            "read when this was written: epochs or scores may be missing here."
        )
    if read.is_unfinished:
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


def _optimistic(read: Run) -> Iterator[str]:
    """Says which scores are higher than those of new pictures."""
    data = read.config.data
    scored_on = split_name(data.eval_split)
    learned = {*map(split_name, data.train_split.split(","))}
    own = {
        scored.data_set.split
        for scored in read.evaluations.values()
        if scored.data_set.folder in run_records.folders(data.data_dir)
        or scored is read.evaluations.get("")
    }
    for split in sorted(own & learned):
        yield (
            f"It learned from `{split}`: its scores there say nothing of new "
            "pictures."
        )
    if scored_on in own - learned:
        yield (
            f"`{run_dir.BEST_NETWORK}` is of the epoch that scored best on "
            f"`{scored_on}`, which makes its scores there a little too high; "
            "those of a split that nothing was chosen by are not."
        )


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
