"""Mirroring pictures beyond their borders, in a TensorFlow graph."""

import tensorflow as tf


def mirror(
    images: tf.Tensor,
    axis: int,
    before: tf.Tensor | int,
    length: tf.Tensor | int,
) -> tf.Tensor:
    """Lengthens an axis as NumPy's symmetric padding does.

    TensorFlow's own refuses margins that are wider than the picture.

    Args:
        images: Of any shape and dtype; the axis is not empty.
        axis: Its number.
        before: The pixels in front of the first one, () int32.
        length: The axis's new length, () int32.

    Returns:
        The picture and its mirror images in turn.
    """
    size = tf.shape(images)[axis]
    places = (tf.range(length) - before) % (2 * size)
    places = tf.minimum(places, 2 * size - 1 - places)
    return tf.gather(images, places, axis=axis)
