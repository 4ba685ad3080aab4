"""Scores a trained network on a split, at the labels' stored size."""

import dataclasses
import functools
import math
import time

import numpy as np

from schemas.labels import LABEL_IDS
from trainer.config import run_dir
from trainer.config.inference import EvaluateConfig
from trainer.data.frames import Frame, Frames, open_frames
from trainer.evaluation import report
from trainer.evaluation import results as evaluation
from trainer.evaluation.best_and_worst import Showcase, make_exhibit
from trainer.evaluation.results import FrameResult, Subject
from trainer.inference.predictor import Predictor
from trainer.metrics.benchmark_scores import Scores
from trainer.metrics.confusion import count_pairs
from trainer.models.saved import load_network
from trainer.storage import files, images, notes
from trainer.storage.progress import Progress
from trainer.visualization import draw

NUM_STRIPS = 4


def run(config: EvaluateConfig) -> None:
    """Evaluates; prints a table, writes evaluation.json, report and strips.

    Predictions are brought to the labels' size, never labels to another.

    Raises:
        ValueError: The data set or the network is damaged or does not fit.
        FileNotFoundError: There are no such frames or network.
    """
    frames = open_frames(config.data)
    notes.say(frames.left_out)
    path = run_dir.network_path(config.model_dir, config.checkpoint)
    predictor = Predictor(load_network(path), config.inference)
    if predictor.space is not frames.space:
        print(
            f"The network tells {predictor.space.name} apart, the data holds "
            f"{frames.space.name}: ids are mapped by the label table, and "
            "only the 19 official classes compare."
        )
    begin = time.perf_counter()
    showcase = Showcase()
    results = score_network(predictor, config, frames, showcase)
    subject = Subject(
        source=path,
        split=config.data.eval_split,
        label_space=frames.space.name,
        is_native=frames.is_native,
        seconds=time.perf_counter() - begin,
        details={
            "networkLabelSpace": predictor.space.name,
            "inference": dataclasses.asdict(config.inference),
        },
    )
    content = evaluation.publish(config.model_dir, subject, results)
    print(report.write(config.model_dir, content, showcase))


def score_network(
    predictor: Predictor,
    config: EvaluateConfig,
    frames: Frames,
    showcase: Showcase,
) -> list[FrameResult]:
    """Predicts every frame of the split once; writes a few strips.

    Args:
        predictor: The network.
        config: Names the run's folder, for the strips.
        frames: The split's.
        showcase: Is offered every frame.
    """
    num_frames = frames.num_frames
    chosen = {index * num_frames // NUM_STRIPS for index in range(NUM_STRIPS)}
    folder = files.join(config.model_dir, run_dir.PICTURES_DIR)
    files.make_folder(folder)

    def finish(item: tuple[int, tuple[Frame, np.ndarray]]) -> FrameResult:
        index, (frame, label_ids) = item
        if index in chosen:
            _write_strip(folder, frame, label_ids)
        counts = count_pairs(frame.truth_ids, label_ids, LABEL_IDS.num_classes)
        score = Scores(counts).official.mean_iou()
        if not math.isnan(score):
            make = functools.partial(make_exhibit, frame, label_ids, score)
            showcase.offer(score, make)
        return FrameResult(frame.name, frame.truth_ids.shape, counts)

    predictions = predictor.predict(frames.read())
    progress = Progress("frames", num_frames)
    results = []
    for result in images.ahead(finish, enumerate(predictions)):
        results.append(result)
        progress.update(len(results))
    return results


def _write_strip(folder: str, frame: Frame, label_ids: np.ndarray) -> None:
    panels = {
        frame.name: frame.image,
        "truth": draw.colorize(frame.truth_ids),
        "prediction": draw.colorize(label_ids),
        "mistakes": draw.error_map(frame.image, frame.truth_ids, label_ids),
    }
    path = files.join(folder, f"{frame.name}.png")
    content = images.encode_png(draw.strip(panels))
    files.write_bytes(path, content)
