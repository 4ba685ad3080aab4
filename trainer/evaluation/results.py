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


@dataclasses.dataclass(frozen=True, eq=False)
class ScoredFrame:
    """What is kept of one frame.

    Attributes:
        name: The frame's stem.
        size: The label's (height, width).
        pixels: (C,) int64, the label's pixels of each id.
        color: The picture's mean colour, as `FrameResult` has it.
        mean_iou: The mean over the evaluated classes; None where there is none.
        pixel_accuracy: The share of right pixels, likewise.
    """

    name: str
    size: Size
    pixels: np.ndarray
    color: Sequence[float]
    mean_iou: float | None
    pixel_accuracy: float | None


class Results:
    """The frames' parts in the scores, summed up as they come.

    Of 255 classes, the pairs of one frame take half a megabyte.

    Attributes:
        counts: The sum of `FrameResult.counts`.
        boundaries: The sum of `FrameResult.boundaries`.
        confidence: The sum of `FrameResult.confidence`, where there is one.
        frames: What is kept of each frame, in their order.
    """

    def __init__(self, space: LabelSpace):
        """Starts with no frame, of a table's label ids."""
        self._space = space
        self.counts = np.zeros((space.num_classes,) * 2, np.int64)
        self.boundaries = np.zeros((2, space.num_classes), np.int64)
        self.confidence = np.zeros((3, NUM_BINS), np.int64)
        self.frames: list[ScoredFrame] = []

    def add(self, result: FrameResult) -> None:
        """Takes in a frame."""
        self.counts += result.counts
        self.boundaries += result.boundaries
        if result.confidence is not None:
            self.confidence += result.confidence
        scores = Scores(result.counts, self._space).to_dict()
        self.frames.append(
            ScoredFrame(
                result.name,
                result.size,
                result.counts.sum(1),
                result.color,
                scores["averageScoreClasses"],
                scores["pixelAccuracy"],
            )
        )


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
    results: Results,
    name: str = "",
) -> dict:
    """Prints the table; writes evaluation.json and returns its content.

    Args:
        folder: Where it goes; it is there.
        subject: What was scored.
        results: Its frames.
        name: The part that the file's name gets; empty for none.
    """
    label_ids = subject.space.table.label_ids
    scores = Scores(results.counts, label_ids, results.boundaries)
    bins = results.confidence
    calibration = Calibration(bins) if bins.any() else None
    frames = results.frames
    sizes = collections.Counter(format_size(frame.size) for frame in frames)
    rate = len(frames) / subject.seconds
    num_frames = counted(len(frames), "frame")
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
        "numFrames": len(frames),
        "sizes": dict(sizes),
        "isNativeSize": subject.is_native,
        "labelSpace": subject.space.name,
        "framesPerSecond": rate,
        **subject.details,
        **scores.to_dict(),
        **({"calibration": calibration.to_dict()} if calibration else {}),
        "frames": [_frame_scores(frame) for frame in frames],
    }
    target = files.join(folder, run_dir.named(run_dir.EVALUATION, name))
    files.write_text(target, json.dumps(content, allow_nan=False) + "\n")
    print(f"{rate:.2f} frames/s; wrote {target}")
    return content


def _frame_scores(frame: ScoredFrame) -> dict:
    return {
        "name": frame.name,
        "size": format_size(frame.size),
        "averageScoreClasses": frame.mean_iou,
        "pixelAccuracy": frame.pixel_accuracy,
    }


def _join(sizes: collections.Counter) -> str:
    if len(sizes) == 1:
        return next(iter(sizes))
    return ", ".join(f"{size} ({sizes[size]})" for size in sorted(sizes))
