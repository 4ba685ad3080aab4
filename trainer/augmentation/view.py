"""A random view of a picture together with its label map.

Scaled, cropped, repainted, flipped: every draw is a pure function of a seed
pair, so that the same seed gives the same views under any number of threads.
"""

import tensorflow as tf

from trainer.augmentation.color import jitter_colors
from trainer.augmentation.crop import NO_SCALE, fill_up, random_crop
from trainer.augmentation.dropout import drop_rectangles
from trainer.config.data import Augmentation


def random_view(
    images: tf.Tensor,
    labels: tf.Tensor,
    index: tf.Tensor | int,
    seed: tf.Tensor,
    augmentation: Augmentation,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cuts one crop out of one of several pictures; mirrors half of them.

    Args:
        images: (N, H, W, 3) uint8.
        labels: (N, H, W) uint8.
        index: The picture's number in 0..N-1.
        seed: (2,) int64; decides everything.
        augmentation: What the seed decides on.  Its crop is at most (H, W)
            times the lowest scale, or what is missing is filled up at the
            right and the bottom.

    Returns:
        (height, width, 3) uint8 and (height, width) uint8, of the same place
        and the same side; `PADDING` and `IGNORE_ID` where there is none.
    """
    crop, appearance = augmentation.crop, augmentation.appearance
    draws = tf.random.stateless_uniform([4], seed)
    image, label = random_crop(images, labels, index, draws, seed, augmentation)
    if appearance.changes_colors:
        image = jitter_colors(image, seed, appearance)
    if augmentation.scale != NO_SCALE:
        image, label = fill_up(image, label, crop)
    image = tf.reshape(image, [*crop, 3])
    label = tf.reshape(label, crop)
    if appearance.coarse_dropout:
        image = drop_rectangles(image, seed, appearance)
    return tf.cond(
        draws[2] < 0.5,
        lambda: (tf.reverse(image, [1]), tf.reverse(label, [1])),
        lambda: (image, label),
    )
