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
            label, or holds an id that is no class's; names the frame.  Or
            predictions are of train ids, and nothing says so.
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
    results = _score(pairs, table, config.label_space)
    if config.label_space is None:
        _check_not_train_ids(results, table, config.predictions)
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


def _score(
    pairs: list[found_files.Pair], table: LabelTable, label_space: str | None
) -> Results:
    """Compares every label map of a split with its prediction.

    Args:
        pairs: The label maps and their predictions.
        table: The classes.
        label_space: The ids that the predictions hold; None: label ids.
    """
    progress = Progress(len(pairs), "frame")
    results = Results(table.label_ids)
    threads = os.cpu_count() or 1
    compare = functools.partial(_compare, table=table, label_space=label_space)
    for result in ahead(compare, pairs, threads + 1):
        results.add(result)
        progress.update(len(results.frames))
    return results


def _compare(
    pair: found_files.Pair, table: LabelTable, label_space: str | None
) -> FrameResult:
    truth = _decode(pair.first, lambda data: decode_label_map(data, table))
    prediction = _decode(pair.second, images.decode_ids)
    if label_space == table.train_ids.name:
        prediction = _to_label_ids(prediction, table, pair.second.path)
    try:
        return evaluation.compare(pair.stem, truth, prediction, table.label_ids)
    except ValueError as error:
        raise ValueError(f"{pair.second.path}: {error}") from error


def _to_label_ids(
    train_ids: np.ndarray, table: LabelTable, path: str
) -> np.ndarray:
    """Returns the label ids of (H, W) uint8 train ids."""
    last = table.train_ids.num_classes - 1
    if train_ids.max() > last:
        raise ValueError(
            f"{path}: predictions should be train ids in 0..{last}, one is "
            f"{train_ids.max()}"
        )
    return table.train_ids.to_label_ids[train_ids]


def _check_not_train_ids(
    results: Results, table: LabelTable, predictions: str
) -> None:
    """Checks that predictions are not more right as train ids.

    Raises:
        ValueError: They are.
    """
    counts = results.counts * table.label_ids.evaluated[:, None]
    index_of = {label_id: n for n, label_id in enumerate(table.label_ids.ids)}
    held = [
        label_id
        for label_id, index in index_of.items()
        if results.counts[:, index].any()
    ]
    if max(held, default=0) >= table.train_ids.num_classes:
        return
    to_label_ids = table.train_ids.to_label_ids
    moved = sum(counts[index_of[to_label_ids[n]], index_of[n]] for n in held)
    if moved > np.trace(counts):
        raise ValueError(
            f"{predictions} holds train ids: as such, {moved:,} pixels are "
            f"right, and {np.trace(counts):,} as label ids; give "
            "--label_space=train_ids, or --label_space=label_ids to score them "
            "as they are"
        )


def _decode(
    file: StoredFile, decode: Callable[[bytes], np.ndarray]
) -> np.ndarray:
    try:
        return decode(file.read())
    except ValueError as error:
        raise ValueError(f"{file.path}: {error}") from error
