import numpy as np
import pytest
import tensorflow as tf

from trainer.augmentation import dropout
from trainer.augmentation.dropout import PADDING
from trainer.config.data import AppearanceConfig


def seed(number):
    return tf.constant([number, 3], tf.int64)


def noise(size=(20, 30)):
    draws = np.random.default_rng(0)
    return tf.constant(draws.integers(0, 256, (*size, 3), np.uint8))


def test_rectangles_are_painted_grey_and_nothing_else_is():
    image = noise((6, 8)).numpy()
    begins = tf.constant([[1.0, 0.0], [2.0, 7.0]])  # rows, columns
    ends = tf.constant([[4.0, 1.0], [5.0, 8.0]])
    expected = image.copy()
    expected[1:4, 2:5] = PADDING
    expected[0, 7] = PADDING
    painted = dropout.paint_over(tf.constant(image), begins, ends)
    np.testing.assert_array_equal(painted, expected)


@pytest.mark.parametrize("number", range(5))
def test_a_dropped_rectangle_has_the_sides_that_were_asked_for(number):
    config = AppearanceConfig(coarse_dropout=1, coarse_dropout_size=(0.2, 0.5))
    image = tf.zeros([20, 30, 3], tf.uint8)
    painted = dropout.drop_rectangles(image, seed(number), config)
    rows, columns, _ = np.nonzero(painted.numpy())
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert 4 <= height <= 10 and 6 <= width <= 15
    assert len(rows) == height * width * 3


def test_rectangles_reach_every_corner():
    config = AppearanceConfig(coarse_dropout=1)
    seen = np.zeros((10, 10), int)
    for number in range(300):
        painted = dropout.drop_rectangles(
            tf.zeros([10, 10, 3], tf.uint8), seed(number), config
        )
        seen += painted.numpy()[..., 0] // PADDING
    assert seen.min() > 0


def test_rectangles_of_the_whole_size_leave_nothing():
    config = AppearanceConfig(coarse_dropout=1, coarse_dropout_size=(1, 1))
    painted = dropout.drop_rectangles(noise(), seed(1), config)
    assert (painted.numpy() == PADDING).all()
