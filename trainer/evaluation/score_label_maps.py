"""Scores label maps that lie in files, as the benchmark server does."""

import os
import time

import numpy as np

from schemas import layouts
from schemas.labels.cityscapes import LABEL_IDS
from trainer.config.inference import EvaluateConfig
from trainer.data import cityscapes
from trainer.evaluation import results as evaluation
from trainer.evaluation.results import FrameResult, Subject
from trainer.metrics.confusion import count_pairs
from trainer.storage import files, images, notes
from trainer.storage.archives import StoredFile
from trainer.storage.progress import Progress
from trainer.storage.threads import ahead


def run(config: EvaluateConfig) -> None:
    """Scores --predictions against the labels of --data_dir.

    Raises:
        ValueError: A file is no label map, is of another size than its
            label, or holds an id outside 0..33; names the frame.
        FileNotFoundError: Labels or predictions are missing.
    """
    begin = time.perf_counter()
    results = score(
        config.data.data_dir, config.data.eval_split, config.predictions
    )
    subject = Subject(
        source=config.predictions,
        split=config.data.eval_split,
        space=LABEL_IDS,
        is_native=True,
        seconds=time.perf_counter() - begin,
        details={},
    )
    evaluation.publish(_output_dir(config), subject, results)


def _output_dir(config: EvaluateConfig) -> str:
    """Returns where evaluation.json goes: to the predictions by default."""
    if config.model_dir or files.is_folder(config.predictions):
        return config.model_dir or config.predictions
    return os.path.dirname(config.predictions) or "."


def score(
    truth_source: str, split: str, predictions_source: str
) -> list[FrameResult]:
    """Compares every label map of a split with its prediction.

    Args:
        truth_source: A Cityscapes folder, or gtFine's zip.
        split: The split.
        predictions_source: A folder or zip of labelIds PNGs.
    """
    truth = cityscapes.find(truth_source, split, cityscapes.LABELS)
    predictions = cityscapes.find_predictions(
        predictions_source, truth.files.keys()
    )
    notes.say(layouts.describe((*truth.strays, *predictions.strays)))
    jobs = cityscapes.pair(truth, predictions, "prediction")
    progress = Progress("frames", len(jobs))
    results = []
    threads = os.cpu_count() or 1
    for result in ahead(_compare, jobs, threads + 1):
        results.append(result)
        progress.update(len(results))
    return results


def _compare(pair: cityscapes.Pair) -> FrameResult:
    truth, prediction = _decode(pair.first), _decode(pair.second)
    try:
        counts = count_pairs(truth, prediction, LABEL_IDS.ids)
    except ValueError as error:
        raise ValueError(f"{pair.second.path}: {error}") from error
    return FrameResult(pair.stem, truth.shape, counts)


def _decode(file: StoredFile) -> np.ndarray:
    try:
        return images.decode_ids(file.read())
    except ValueError as error:
        raise ValueError(f"{file.path}: {error}") from error
