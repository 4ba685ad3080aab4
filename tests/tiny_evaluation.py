"""Evaluations of the network that knows colours, on a few frames."""

import json

import numpy as np

from schemas.labels.cityscapes import LABEL_IDS
from tests import tiny_dataset
from tests.stand_ins import color_network
from trainer import evaluate
from trainer.config.data import DataConfig
from trainer.config.inference import EvaluateConfig, InferenceConfig
from trainer.data.frames import open_frames


def painted(ids, space=LABEL_IDS):
    """Returns ids in their colours, which the network reads, and the ids."""
    return space.palette[ids], ids


def evaluated(tmp_path, frames, network=LABEL_IDS, data="label_ids", **opts):
    """Scores the colour network on records; returns evaluation.json."""
    labels = opts.get("labels", network.table)
    tiny_dataset.write_dataset(
        tmp_path / "data",
        0,
        len(frames),
        size=frames[0][1].shape,
        label_space=data,
        native=opts.get("native", True),
        frames=frames,
        labels=labels,
    )
    return scored(tmp_path, tmp_path / "data", network)


def scored(tmp_path, data_dir, network=LABEL_IDS):
    """Scores the colour network on a data set; returns evaluation.json."""
    path = str(tmp_path / "network.keras")
    color_network.save(network, path)
    config = EvaluateConfig(
        model_dir=str(tmp_path / "run"),
        data=DataConfig(str(data_dir), resize=None, crop=(16, 16)),
        inference=InferenceConfig(resize=None, crop=(16, 16)),
        checkpoint=path,
    )
    evaluate.run(
        config, config.checkpoint, open_frames(config.data, table=network.table)
    )
    return json.loads((tmp_path / "run" / "evaluation.json").read_text())


def half_and_half(left, right, size=(20, 30)):
    """Returns a label map of two ids side by side."""
    ids = np.full(size, left, np.uint8)
    ids[:, size[1] // 2 :] = right
    return ids
