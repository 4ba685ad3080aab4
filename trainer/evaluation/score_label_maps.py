"""Scores label maps that lie in files, as the benchmark server does."""

import functools
import os
import time
from collections.abc import Callable

import numpy as np

from schemas.labels.table import LabelTable
from schemas.layouts import filenames
from schemas.layouts.kinds import frame_name
from schemas.layouts.layout import Layout
from trainer.config.data import DataConfig
from trainer.config.inference import EvaluateConfig
from trainer.data import found_files
from trainer.data.found_files import Found
from trainer.data.frames import decode_label_map
from trainer.evaluation import results as evaluation
from trainer.evaluation.data_set import KEY, Scored
from trainer.evaluation.results import FrameResult, Results, Subject
from trainer.storage import files, images, notes
from trainer.storage.archives import StoredFile
from trainer.storage.progress import Progress
from trainer.storage.threads import ahead

_OF_FILES = "predictions"
"""In the name of scores beside those of a run's network."""


def run(
    config: EvaluateConfig,
    table: LabelTable,
    layout: Layout,
    run_data: DataConfig | None = None,
) -> None:
    """Scores --predictions against the labels of --data_dir.

    Args:
        config: The evaluation.
        table: The classes.
        layout: Where label maps lie below --data_dir.
        run_data: The data set of the run in --model_dir; None without.

    Raises:
        ValueError: A file is no label map, is of another size than its
            label, or holds an id that is no class's; names the frame.
        FileNotFoundError: Labels or predictions are missing.
        OSError: The folder of the scores cannot be written.
    """
    begin = time.perf_counter()
    data = config.data
    truth = found_files.find(
        data.data_dir, data.eval_split, is_label=True, layout=layout
    )
    pairs = _pair(truth, config.predictions)
    folder = _output_dir(config)
    results = _score(pairs, table)
    scored = Scored(data, None, results.frames, table.label_ids)
    name = scored.choose_name(config.evaluation_name, folder, run_data)
    if run_data and not config.evaluation_name:
        # The scores of the run's own network stay.
        name = f"{name}-{_OF_FILES}" if name else _OF_FILES
    subject = Subject(
        source=config.predictions,
        split=config.data.eval_split,
        space=table.label_ids,
        is_native=True,
        seconds=time.perf_counter() - begin,
        details={KEY: scored.data_set.to_json()},
    )
    evaluation.publish(folder, subject, results, name)


def _output_dir(config: EvaluateConfig) -> str:
    """Returns where evaluation.json goes: to the predictions by default.

    Raises:
        OSError: The folder cannot be written.
    """
    if config.model_dir:
        files.prepare_folder(config.model_dir)
        return config.model_dir
    folder = config.predictions
    if not files.is_folder(folder):
        folder = os.path.dirname(folder) or "."
    try:
        files.prepare_folder(folder)
    except OSError as error:
        raise OSError(
            f"{error}; --model_dir=FOLDER writes the scores to another folder"
        ) from error
    return folder


def _pair(truth: Found, predictions_source: str) -> list[found_files.Pair]:
    """Finds the prediction of each label map."""
    by_name = {frame_name(stem): file for stem, file in truth.files.items()}
    truth = Found(by_name, truth.strays)
    predictions = found_files.find_predictions(
        predictions_source, by_name.keys()
    )
    notes.say(filenames.describe((*truth.strays, *predictions.strays)))
    return found_files.pair(truth, predictions, "prediction")


def _score(pairs: list[found_files.Pair], table: LabelTable) -> Results:
    """Compares every label map of a split with its prediction."""
    progress = Progress(len(pairs), "frame")
    results = Results(table.label_ids)
    threads = os.cpu_count() or 1
    compare = functools.partial(_compare, table=table)
    for result in ahead(compare, pairs, threads + 1):
        results.add(result)
        progress.update(len(results.frames))
    return results


def _compare(pair: found_files.Pair, table: LabelTable) -> FrameResult:
    truth = _decode(pair.first, lambda data: decode_label_map(data, table))
    prediction = _decode(pair.second, images.decode_ids)
    try:
        return evaluation.compare(pair.stem, truth, prediction, table.label_ids)
    except ValueError as error:
        raise ValueError(f"{pair.second.path}: {error}") from error


def _decode(
    file: StoredFile, decode: Callable[[bytes], np.ndarray]
) -> np.ndarray:
    try:
        return decode(file.read())
    except ValueError as error:
        raise ValueError(f"{file.path}: {error}") from error
