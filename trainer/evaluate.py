"""Scores a trained network on a split, at the labels' stored size."""

import collections
import dataclasses
import json
import time

import numpy as np

from schemas.labels import LABEL_IDS
from schemas.manifest import NATIVE, Manifest
from trainer import (
    dataset,
    frames,
    pictures,
    run_files,
    storage,
    visualize,
)
from trainer.config import EvaluateConfig, format_size
from trainer.frames import Frame
from trainer.inference import Predictor
from trainer.metrics import count_pairs
from trainer.networks import load_network
from trainer.progress import Progress
from trainer.scores import Scores, format_table

NUM_STRIPS = 4


@dataclasses.dataclass(frozen=True, eq=False)
class FrameResult:
    """One frame's part in the scores.

    Attributes:
        name: The frame's stem.
        size: The label's (height, width).
        counts: (34, 34) int64 over labelIds, rows truth.
    """

    name: str
    size: tuple[int, int]
    counts: np.ndarray


def run(config: EvaluateConfig) -> None:
    """Evaluates; prints a table, writes RUN/evaluation.json and strips.

    Raises:
        ValueError: The data set or the network is damaged or does not fit.
        FileNotFoundError: There is no such network.
    """
    manifest = dataset.open_dataset(config.data, (config.data.eval_split,))
    path = run_files.network_path(config.model_dir, config.checkpoint)
    predictor = Predictor(load_network(path), config.inference)
    begin = time.perf_counter()
    results = evaluate(predictor, config, manifest)
    seconds = time.perf_counter() - begin
    scores = Scores(sum(result.counts for result in results))
    sizes = collections.Counter(format_size(r.size) for r in results)
    context = f"at {_join(sizes)}, {manifest.label_space}"
    print(f"{config.data.eval_split}: {len(results)} frames, {path}")
    print(format_table(scores, context))
    if manifest.image_size != NATIVE:
        print(
            "These labels were resized at conversion: the figures do not "
            "compare with published ones. Convert with --image_size=native."
        )
    content = {
        "split": config.data.eval_split,
        "numFrames": len(results),
        "sizes": dict(sizes),
        "imageSize": manifest.image_size,
        "labelSpace": manifest.label_space,
        "networkLabelSpace": predictor.space.name,
        "checkpoint": path,
        "inference": dataclasses.asdict(config.inference),
        "framesPerSecond": len(results) / seconds,
        **scores.to_dict(),
        "frames": [_frame_scores(result) for result in results],
    }
    target = storage.join(config.model_dir, run_files.EVALUATION)
    storage.write_text(target, json.dumps(content, allow_nan=False) + "\n")
    print(f"{len(results) / seconds:.2f} frames/s; wrote {target}")


def evaluate(
    predictor: Predictor, config: EvaluateConfig, manifest: Manifest
) -> list[FrameResult]:
    """Predicts every frame of the split once; writes a few strips."""
    num_frames = manifest.split(config.data.eval_split).num_examples
    chosen = {index * num_frames // NUM_STRIPS for index in range(NUM_STRIPS)}
    folder = storage.join(config.model_dir, run_files.PICTURES_DIR)
    storage.make_folder(folder)

    def finish(item: tuple[int, tuple[Frame, np.ndarray]]) -> FrameResult:
        index, (frame, label_ids) = item
        if index in chosen:
            _write_strip(folder, frame, label_ids)
        counts = count_pairs(frame.truth_ids, label_ids, LABEL_IDS.num_classes)
        return FrameResult(frame.name, frame.truth_ids.shape, counts)

    predictions = predictor.predict(frames.read_frames(config.data, manifest))
    progress = Progress("frames", num_frames)
    results = []
    for result in pictures.ahead(finish, enumerate(predictions)):
        results.append(result)
        progress.update(len(results))
    return results


def _write_strip(folder: str, frame: Frame, label_ids: np.ndarray) -> None:
    panels = {
        frame.name: frame.image,
        "truth": visualize.colorize(frame.truth_ids),
        "prediction": visualize.colorize(label_ids),
    }
    path = storage.join(folder, f"{frame.name}.png")
    content = pictures.encode_png(visualize.strip(panels))
    storage.write_bytes(path, content)


def _frame_scores(result: FrameResult) -> dict:
    scores = Scores(result.counts).to_dict()
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
