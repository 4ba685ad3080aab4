import base64
import io

import numpy as np
from PIL import Image

from schemas.labels.cityscapes import LABEL_IDS
from trainer.data.frames import Frame
from trainer.evaluation.best_and_worst import (
    BestAndWorst,
    DrawnFrame,
    draw_frame,
)


def offered(scores):
    extremes, drawn = BestAndWorst(num_kept=2), []
    for score in scores:

        def make(score=score):
            drawn.append(score)
            return DrawnFrame(str(score), score, {})

        extremes.offer(score, make)
    return extremes, drawn


def test_the_best_and_the_worst_are_kept_in_order():
    extremes, _ = offered([0.5, 0.1, 0.9, 0.3, 0.7])
    assert [drawn.score for drawn in extremes.best()] == [0.9, 0.7]
    assert [drawn.score for drawn in extremes.worst()] == [0.1, 0.3]


def test_pictures_are_drawn_only_for_frames_that_are_kept():
    _, drawn = offered([0.1, 0.2, 0.8, 0.9, 0.5, 0.6])
    assert drawn == [0.1, 0.2, 0.8, 0.9]


def test_panels_are_small_pictures():
    frame = Frame(
        "ulm", np.zeros((400, 960, 3), np.uint8), np.full((400, 960), 7)
    )
    drawn = draw_frame(frame, np.full((400, 960), 7, np.uint8), 1.0, LABEL_IDS)
    assert list(drawn.panels) == [
        "picture",
        "truth",
        "prediction",
        "mistakes",
    ]
    _, _, encoded = drawn.panels["truth"].partition("base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(encoded)))
    assert picture.size == (480, 200)
    color = np.asarray(picture)[100, 100].astype(int)
    assert np.abs(color - [128, 64, 128]).max() < 6
