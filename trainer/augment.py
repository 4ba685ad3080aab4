"""Random crop and flip of a picture together with its label map.

Every draw is a pure function of a seed pair, so that the same seed gives the
same pictures under any number of threads.
"""

import tensorflow as tf

from trainer.config import Size


def random_crop_and_flip(
    images: tf.Tensor,
    labels: tf.Tensor,
    index: tf.Tensor | int,
    seed: tf.Tensor,
    crop: Size,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cuts one crop out of one of several pictures; mirrors half of them.

    Picture and label never share a tensor, and the slice reads only the
    crop: joining channels and parting them again costs more than the rest.

    Args:
        images: (N, H, W, 3) uint8.
        labels: (N, H, W) uint8.
        index: The picture's number in 0..N-1.
        seed: (2,) int64; decides everything.
        crop: (height, width), at most (H, W).

    Returns:
        (height, width, 3) uint8 and (height, width) uint8, of the same place
        and the same side.
    """
    draws = tf.random.stateless_uniform([3], seed)
    room = tf.shape(images)[1:3] - crop + 1
    corner = tf.cast(draws[:2] * tf.cast(room, tf.float32), tf.int32)
    corner = tf.minimum(corner, room - 1)  # float32 may round up to `room`
    index = tf.cast(index, tf.int32)
    begin = tf.stack([index, corner[0], corner[1]])
    image = tf.slice(images, tf.pad(begin, [[0, 1]]), [1, *crop, 3])
    label = tf.slice(labels, begin, [1, *crop])
    image = tf.reshape(image, [*crop, 3])
    label = tf.reshape(label, crop)
    return tf.cond(
        draws[2] < 0.5,
        lambda: (tf.reverse(image, [1]), tf.reverse(label, [1])),
        lambda: (image, label),
    )
