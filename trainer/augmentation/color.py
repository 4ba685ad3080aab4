"""Changes what training pictures look like; their labels stay as they are.

Every draw is a pure function of a seed pair, apart from the draws that decide
scale, crop and flip: these are the same with and without it.
"""

import tensorflow as tf

from trainer.config.data import AppearanceConfig

PADDING = 128
"""What nothing is painted with: mid-grey, 0 once it is normalized."""

_COLORS, _RECTANGLES = 1, 2  # told apart when seeds are derived
_GREY = ((0.299,), (0.587,), (0.114,))
"""The share of red, green and blue in grey (ITU-R BT.601)."""


def jitter_colors(
    image: tf.Tensor, seed: tf.Tensor, config: AppearanceConfig
) -> tf.Tensor:
    """Draws the three factors and changes a picture by them.

    Args:
        image: (H, W, 3) uint8.
        seed: (2,) int64; decides everything.
        config: What the factors are drawn from.

    Returns:
        (H, W, 3) uint8.
    """
    seed = tf.random.experimental.stateless_fold_in(seed, _COLORS)
    reach = tf.constant([config.brightness, config.contrast, config.saturation])
    low = tf.maximum(1 - reach, 0)
    draws = tf.random.stateless_uniform([3], seed)
    factors = low + draws * (1 + reach - low)
    return change_colors(image, *tf.unstack(factors))


def change_colors(
    image: tf.Tensor,
    brightness: tf.Tensor | float,
    contrast: tf.Tensor | float,
    saturation: tf.Tensor | float,
) -> tf.Tensor:
    """Multiplies values, their distance to mean grey and to their own grey.

    Each of the three is linear, so that they are one product with a matrix
    and one sum, in which their order makes no difference.  torchvision takes
    one after the other in random order and rounds and clips in between; here
    that happens once, at the end.

    Args:
        image: (H, W, 3) uint8.
        brightness: The factor of every value; 1 changes nothing.
        contrast: The factor of the distance to the picture's mean grey.
        saturation: The factor of the distance to the pixel's own grey.

    Returns:
        (H, W, 3) uint8.
    """
    values = tf.cast(image, tf.float32)
    mean = tf.reduce_mean(tf.reduce_mean(values, 0), 0, keepdims=True)  # (1, 3)
    mean_grey = tf.matmul(mean, _GREY)  # (1, 1)
    to_grey = tf.tile(tf.constant(_GREY), [1, 3])
    mixture = saturation * tf.eye(3) + (1 - saturation) * to_grey
    values = tf.matmul(
        tf.reshape(values, [-1, 3]), brightness * contrast * mixture
    )
    values += brightness * (1 - contrast) * mean_grey + 0.5  # rounds the cast
    values = tf.cast(tf.clip_by_value(values, 0.0, 255.0), tf.uint8)
    return tf.reshape(values, tf.shape(image))


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
