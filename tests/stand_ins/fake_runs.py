"""Folders of runs as trainings and evaluations leave them, without either."""

import json
import os

import numpy as np

from schemas.labels.cityscapes import LABEL_IDS
from trainer.config import saved
from trainer.config.data import DataConfig
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig, OptimizerConfig
from trainer.config.training import TrainConfig
from trainer.metrics.scores import Scores
from trainer.storage import images
from trainer.visualization import draw

COLUMNS = (
    "epoch,step,learning_rate,loss,pixel_accuracy,mean_iou,val_loss,"
    "val_pixel_accuracy,val_mean_iou,val_mean_iou_ema,images_per_second,"
    "input_wait_share,peak_memory_mb,seconds"
)
FRAME = "tiny_000000_000019"


def config(folder, **flags) -> TrainConfig:
    """Makes a run's configuration; `loss` and `learning_rate` are flags."""
    model = ModelConfig(
        "label_ids", labels=flags.pop("labels", LABEL_IDS.table)
    )
    return TrainConfig(
        str(folder),
        DataConfig(flags.pop("data_dir", "data"), resize=None),
        model,
        OptimizerConfig(learning_rate=flags.pop("learning_rate", 1e-3)),
        LossConfig(flags.pop("loss", "cross_entropy")),
        **{"epochs": 2, "seed": 1} | flags,
    )


def write(folder, ious=(0.25, 0.5), losses=(2.0, 1.0), ema="nan", **flags):
    """Writes config.json and metrics.csv of a run; returns its folder.

    Args:
        folder: Where it goes.
        ious: Mean IoU of each epoch on the evaluation split.
        losses: Losses of each epoch.
        ema: The mean IoU of averaged weights.
        flags: See `config`.
    """
    os.makedirs(folder)
    saved.save(config(folder, **flags))
    lines = [COLUMNS] + [
        f"{epoch},{10 * epoch},0.001,{loss},0.5,0.125,{loss},0.5,{iou},{ema},"
        "10,0,700,30"
        for epoch, (iou, loss) in enumerate(zip(ious, losses, strict=True), 1)
    ]
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    return folder


def evaluate(folder, hits=3, name="", space=LABEL_IDS, **fields):
    """Writes an evaluation of a run, of `hits` right pixels in 4 of road.

    Args:
        folder: The run's.
        hits: How many pixels of road are not taken for sky.
        name: The part of the file's name.
        space: The label ids of the classes.
        fields: Entries that are others.
    """
    counts = np.zeros((space.num_classes,) * 2, np.int64)
    road, sky = (space.class_names.index(name) for name in ("road", "sky"))
    counts[road, road], counts[road, sky] = hits, 4 - hits
    counts[sky, sky] = 4
    scores = Scores(counts, space).to_dict()
    content = {
        "source": f"{folder}/best.keras",
        "split": "val",
        "numFrames": 1,
        "sizes": {"32x48": 1},
        "inference": {"scales": [1.0], "resize": None},
        "dataSet": {
            "folder": fields.pop("data_dir", "data"),
            "split": fields.get("split", "val"),
            "frames": f"{fields.get('split', 'val'):f>16}",
            "firstFrame": {
                "name": FRAME,
                "shares": {"road": 0.5, "sky": 0.5},
                "color": [10.0, 20.0, 30.0],
            },
        },
        **scores,
        "frames": [
            {"name": FRAME, "averageScoreClasses": hits / 4, "size": "32x48"}
        ],
    }
    stem = f"evaluation-{name}" if name else "evaluation"
    text = json.dumps(content | fields)
    (folder / f"{stem}.json").write_text(text)


def draw_strip(
    folder, prediction, frame=FRAME, size=(32, 48), pictures="pictures"
):
    """Writes what an evaluation shows of a frame, in plain colours."""
    panels = {
        frame: 10,
        "truth": 20,
        "prediction": prediction,
        "mistakes": prediction + 1,
    }
    sheet = draw.strip(
        {
            caption: np.full((*size, 3), value, np.uint8)
            for caption, value in panels.items()
        }
    )
    (folder / pictures).mkdir(exist_ok=True)
    path = folder / pictures / f"{frame}.png"
    path.write_bytes(images.encode_png(sheet))
