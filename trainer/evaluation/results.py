"""What scoring gives: a table on the console and RUN/evaluation.json."""

import collections
import dataclasses
import json
from collections.abc import Sequence

import numpy as np

from schemas.labels.table import LabelSpace
from schemas.quantities import counted, percent
from schemas.sizes import Size
from trainer.config import run_dir
from trainer.config.sizes import format_size
from trainer.metrics.boundary import count_boundaries
from trainer.metrics.calibration import (
    NUM_BINS,
    Calibration,
    count_confidence,
)
from trainer.metrics.confusion import count_pairs
from trainer.metrics.scores import Scores, format_table
from trainer.storage import files


@dataclasses.dataclass(frozen=True, eq=False)
class FrameResult:
    """One frame's part in the scores.

    Attributes:
        name: The frame's stem.
        size: The label's (height, width).
        counts: (C, C) int64 over the label ids, rows truth.
        boundaries: (2, C) int64 of `boundary.count_boundaries`.
        confidence: (3, NUM_BINS) int64 of `calibration.count_confidence`;
            None where only label maps are read.
        color: The picture's mean colour in [0, 255]; empty where only label
            maps are read.
    """

    name: str
    size: Size
    counts: np.ndarray
    boundaries: np.ndarray
    confidence: np.ndarray | None = None
    color: Sequence[float] = ()


@dataclasses.dataclass(frozen=True)
class Subject:
    """What was scored.

    Attributes:
        source: The path of the network or of the predictions.
        split: The split.
        space: The ids that the labels are stored as.
        is_native: Whether the labels have their original size.
        seconds: How long it took.
        details: More to write down, as JSON holds it.
    """

    source: str
    split: str
    space: LabelSpace
    is_native: bool
    seconds: float
    details: dict


def compare(
    name: str,
    truth_ids: np.ndarray,
    predicted_ids: np.ndarray,
    space: LabelSpace,
    confidence: np.ndarray | None = None,
) -> FrameResult:
    """Counts what a frame adds to the scores.

    Args:
        name: The frame's stem.
        truth_ids: (H, W) uint8; other ids than the space's count nowhere.
        predicted_ids: (H, W) uint8.
        space: The label ids.
        confidence: (H, W) uint16, the predicted ids' probabilities; `SURE`
            stands for 1. None where they are not known.

    Raises:
        ValueError: The shapes differ or a prediction is no class id.
    """
    pairs = count_pairs(truth_ids, predicted_ids, space.ids)
    bins = None
    if confidence is not None:
        bins = count_confidence(truth_ids, predicted_ids, confidence, space)
    return FrameResult(
        name,
        truth_ids.shape,
        pairs,
        count_boundaries(truth_ids, predicted_ids, space),
        bins,
    )


def publish(
    folder: str,
    subject: Subject,
    results: Sequence[FrameResult],
    name: str = "",
) -> dict:
    """Prints the table; writes evaluation.json and returns its content.

    Args:
        folder: Where it goes.
        subject: What was scored.
        results: Its frames.
        name: The part that the file's name gets; empty for none.
    """
    label_ids = subject.space.table.label_ids
    counts = np.sum([result.counts for result in results], axis=0)
    boundaries = np.sum([result.boundaries for result in results], axis=0)
    scores = Scores(counts, label_ids, boundaries)
    calibration = _calibration(results)
    sizes = collections.Counter(format_size(r.size) for r in results)
    rate = len(results) / subject.seconds
    num_frames = counted(len(results), "frame")
    print(f"{subject.split}: {num_frames}, {subject.source}")
    context = f"at {_join(sizes)}, {subject.space.name}"
    print(format_table(scores, context))
    if calibration:
        print(
            f"expected calibration error      {percent(calibration.error):>6} "
            f"%  ({NUM_BINS} bins of confidence)"
        )
    if not subject.is_native:
        print(
            "These labels were resized at conversion: the figures do not "
            "compare with published ones. Convert with --image_size=native."
        )
    content = {
        "source": subject.source,
        "split": subject.split,
        "numFrames": len(results),
        "sizes": dict(sizes),
        "isNativeSize": subject.is_native,
        "labelSpace": subject.space.name,
        "framesPerSecond": rate,
        **subject.details,
        **scores.to_dict(),
        **({"calibration": calibration.to_dict()} if calibration else {}),
        "frames": [_frame_scores(result, label_ids) for result in results],
    }
    files.make_folder(folder)
    target = files.join(folder, run_dir.named(run_dir.EVALUATION, name))
    files.write_text(target, json.dumps(content, allow_nan=False) + "\n")
    print(f"{rate:.2f} frames/s; wrote {target}")
    return content


def _calibration(results: Sequence[FrameResult]) -> Calibration | None:
    """Sums the bins up; None where there are none, or no pixels in them."""
    bins = [r.confidence for r in results if r.confidence is not None]
    counts = np.sum(bins, axis=0)
    return Calibration(counts) if np.any(counts) else None


def _frame_scores(result: FrameResult, space: LabelSpace) -> dict:
    scores = Scores(result.counts, space).to_dict()
    return {
        "name": result.name,
        "size": format_size(result.size),
        "averageScoreClasses": scores["averageScoreClasses"],
        "pixelAccuracy": scores["pixelAccuracy"],
    }


def _join(sizes: collections.Counter) -> str:
    if len(sizes) == 1:
        return next(iter(sizes))
    return ", ".join(f"{size} ({sizes[size]})" for size in sorted(sizes))
