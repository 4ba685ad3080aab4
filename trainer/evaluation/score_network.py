"""Shows a network every frame of a split and counts what it says."""

import dataclasses
import functools
import math

import numpy as np

from schemas.labels.table import LabelSpace
from trainer.data.frames import Frame, Frames
from trainer.evaluation.best_and_worst import BestAndWorst, draw_frame
from trainer.evaluation.results import FrameResult, Results, compare
from trainer.inference.predictor import Predictor
from trainer.inference.readout import Prediction
from trainer.metrics.scores import Scores
from trainer.storage import images
from trainer.storage.progress import Progress
from trainer.storage.threads import ahead
from trainer.visualization import draw

NUM_STRIPS = 4


def score_network(
    predictor: Predictor,
    frames: Frames,
    extremes: BestAndWorst,
    strips: dict[str, bytes],
) -> Results:
    """Predicts every frame of the split once; draws a few strips.

    Args:
        predictor: The network.
        frames: The split's.
        extremes: Is offered every frame.
        strips: Takes the strips: the frame's name → a PNG.
    """
    num_frames = frames.num_frames
    chosen = {index * num_frames // NUM_STRIPS for index in range(NUM_STRIPS)}
    space = frames.space.table.label_ids

    def finish(item: tuple[int, tuple[Frame, Prediction]]) -> FrameResult:
        index, (frame, (label_ids, confidence)) = item
        if index in chosen:
            strips[frame.name] = _draw_strip(frame, label_ids, space)
        result = compare(
            frame.name, frame.truth_ids, label_ids, space, confidence
        )
        score = Scores(result.counts, space).evaluated.mean_iou()
        if not math.isnan(score):
            make = functools.partial(draw_frame, frame, label_ids, score, space)
            extremes.offer(score, make)
        return dataclasses.replace(result, color=frame.image.mean((0, 1)))

    predictions = predictor.predict_with_confidence(frames.read())
    progress = Progress(num_frames, "frame")
    results = Results(space)
    for result in ahead(finish, enumerate(predictions)):
        results.add(result)
        progress.update(len(results.frames))
    return results


def _draw_strip(
    frame: Frame, label_ids: np.ndarray, space: LabelSpace
) -> bytes:
    mistakes = draw.error_map(frame.image, frame.truth_ids, label_ids, space)
    panels = {
        frame.name: frame.image,
        "truth": draw.colorize(frame.truth_ids, space),
        "prediction": draw.colorize(label_ids, space),
        "mistakes": mistakes,
    }
    return images.encode_png(draw.strip(panels))
