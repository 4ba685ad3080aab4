"""Changes the colours of training pictures.

Every draw is a pure function of a seed pair, apart from the draws that decide
scale, crop and flip: these are the same with and without it.
"""

import tensorflow as tf

from trainer.config.data import AppearanceConfig

_COLORS = 1  # `dropout` derives its seed with another number
_HUE = 3  # and so does hue, so that the other draws stay what they were
_GREY = ((0.299,), (0.587,), (0.114,))
"""The share of red, green and blue in grey (ITU-R BT.601)."""


def jitter_colors(
    image: tf.Tensor, seed: tf.Tensor, config: AppearanceConfig
) -> tf.Tensor:
    """Draws the three factors and the shift and changes a picture by them.

    Args:
        image: (H, W, 3) uint8.
        seed: (2,) int64; decides everything.
        config: What the factors and the shift are drawn from.

    Returns:
        (H, W, 3) uint8.
    """
    factors_seed = tf.random.experimental.stateless_fold_in(seed, _COLORS)
    reach = tf.constant([config.brightness, config.contrast, config.saturation])
    low = tf.maximum(1 - reach, 0)
    draws = tf.random.stateless_uniform([3], factors_seed)
    factors = low + draws * (1 + reach - low)
    image = change_colors(image, *tf.unstack(factors))
    if not config.hue:
        return image
    hue_seed = tf.random.experimental.stateless_fold_in(seed, _HUE)
    draw = tf.random.stateless_uniform([], hue_seed)
    return shift_hue(image, (2 * draw - 1) * config.hue)


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


def shift_hue(image: tf.Tensor, shift: tf.Tensor | float) -> tf.Tensor:
    """Turns every pixel's hue, at its saturation and value (HSV).

    It is not linear in a pixel, so that it is no part of the product of
    `change_colors`, which it follows; torchvision draws its place in the order.

    Args:
        image: (H, W, 3) uint8.
        shift: What is added to the hue, in turns of the circle, -0.5 to 0.5;
            0 changes nothing.

    Returns:
        (H, W, 3) uint8.
    """
    return tf.image.adjust_hue(image, shift)
