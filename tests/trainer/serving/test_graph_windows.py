import numpy as np
import pytest
import tensorflow as tf

from trainer.config.inference import InferenceConfig
from trainer.inference.windows import choose_grid
from trainer.serving.graph_windows import blend_windows, lay_windows, pad

SIZES = [
    (3, 5), (16, 16), (45, 77), (100, 33), (64, 96), (200, 301), (513, 40)
]  # fmt: skip


@pytest.mark.parametrize("inference", ["auto", "whole", "sliding"])
@pytest.mark.parametrize(("factor", "stride"), [(16, 2 / 3), (4, 0.3), (1, 1)])
def test_windows_lie_where_prediction_lays_them(inference, factor, stride):
    config = InferenceConfig(
        resize=None, crop=(32, 48), inference=inference, stride=stride
    )
    for size in SIZES:
        grid = choose_grid(size, config, factor)
        laid = lay_windows(tf.constant(size), config, factor)
        assert tuple(int(axis.canvas) for axis in laid) == grid.canvas
        assert tuple(int(axis.margin) for axis in laid) == grid.margin
        for axis, expected in zip(laid, grid.axes, strict=True):
            assert axis.starts.numpy().tolist() == expected.starts
            np.testing.assert_allclose(
                axis.weights, expected.weights, rtol=1e-6
            )


@pytest.mark.parametrize("size", SIZES)
def test_windows_put_back_together_are_the_pictures(size):
    config = InferenceConfig(resize=None, crop=(32, 48), inference="sliding")
    images = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    axes = lay_windows(tf.constant(size), config, 16)
    blended = blend_windows(
        pad(tf.constant(images), axes),
        axes,
        lambda windows: tf.cast(windows, tf.float32),
        3,
        tf.identity,
    )
    np.testing.assert_allclose(blended, images, atol=1e-3)
