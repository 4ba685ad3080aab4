"""Paints rectangles of training pictures over; their labels stay.

Every draw is a pure function of a seed pair, apart from the draws that decide
scale, crop, flip and colours: these are the same with and without it.
"""

import tensorflow as tf

from trainer.config.data import AppearanceConfig

PADDING = 128
"""The value of pixels without a picture: mid-grey, 0 once normalized."""

_RECTANGLES = 2  # `color` derives its seed with another number


def drop_rectangles(
    image: tf.Tensor, seed: tf.Tensor, config: AppearanceConfig
) -> tf.Tensor:
    """Paints rectangles of drawn places and sides over with `PADDING`.

    Args:
        image: (H, W, 3) uint8.
        seed: (2,) int64; decides everything.
        config: How many rectangles and how large.

    Returns:
        (H, W, 3) uint8.
    """
    seed = tf.random.experimental.stateless_fold_in(seed, _RECTANGLES)
    draws = tf.random.stateless_uniform([2, 2, config.coarse_dropout], seed)
    height, width, _ = image.shape
    low, high = config.coarse_dropout_size
    whole = tf.constant([[height], [width]], tf.float32)
    sides = tf.maximum(tf.round((low + draws[0] * (high - low)) * whole), 1)
    begins = tf.floor(draws[1] * (whole - sides + 1))
    begins = tf.minimum(begins, whole - sides)  # float32 may round up
    return paint_over(image, begins, begins + sides)


def paint_over(
    image: tf.Tensor, begins: tf.Tensor, ends: tf.Tensor
) -> tf.Tensor:
    """Paints N rectangles over with `PADDING`.

    Args:
        image: (H, W, 3) uint8.
        begins: (2, N) float32, their first rows and columns.
        ends: (2, N) float32, the rows and columns behind their last.

    Returns:
        (H, W, 3) uint8.
    """
    height, width, _ = image.shape
    rows = _covers(tf.range(height), begins[0], ends[0])  # (H, N)
    # One value after the other: a mask of one channel would be stretched.
    columns = _covers(tf.range(3 * width) // 3, begins[1], ends[1])  # (3W, N)
    is_covered = tf.matmul(rows, columns, transpose_b=True) > 0  # (H, 3W)
    values = tf.reshape(image, [height, 3 * width])
    padding = tf.constant(PADDING, tf.uint8)
    values = tf.where(is_covered, padding, values)
    return tf.reshape(values, image.shape)


def _covers(places: tf.Tensor, begins: tf.Tensor, ends: tf.Tensor) -> tf.Tensor:
    """Tells (P, N) float32 which of N ranges hold which of P places."""
    places = tf.cast(places, tf.float32)[:, None]
    return tf.cast((places >= begins) & (places < ends), tf.float32)
