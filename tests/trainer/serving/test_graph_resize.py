import numpy as np
import pytest
import tensorflow as tf

from tests.trainer.serving.applied import texture
from trainer.inference.predictor import resize_picture
from trainer.inference.readout import Readout
from trainer.serving import graph_resize


@pytest.mark.parametrize(
    ("size", "target"),
    [
        ((120, 140), (140, 210)),
        ((250, 500), (280, 280)),
        ((97, 131), (50, 60)),
        ((64, 300), (280, 280)),
        ((33, 77), (33, 40)),
        ((30, 40), (30, 40)),
    ],
)
def test_resized_pixels_are_those_of_pillow(size, target):
    image = texture(size)
    resized = graph_resize.resize(image[None], tf.constant(target))
    np.testing.assert_array_equal(resized[0], resize_picture(image, target))


def test_enlarged_in_strips_is_enlarged_as_prediction_does(monkeypatch):
    values = np.random.default_rng(0).random((9, 11, 5)).astype(np.float32)
    monkeypatch.setattr(graph_resize, "STRIP_BYTES", 5000)
    chosen = graph_resize.enlarge_and_choose(
        tf.constant(values[None]), tf.constant([70, 50])
    )
    readout = Readout()
    readout.add(values, (70, 50))
    np.testing.assert_array_equal(chosen[0], readout.take_places())
