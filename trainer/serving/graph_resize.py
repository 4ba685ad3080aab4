"""Resizing in a TensorFlow graph, to the pixels that Pillow gives."""

import tensorflow as tf

from trainer.inference.readout import STRIP_BYTES

_ONE = float(1 << 22)
"""Pillow's weights of 8-bit pixels are integers: so many are 1."""


def resize(images: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Resizes (B, H, W, 3) uint8 to (2,) int32: by area where no side grows.

    Returns:
        (B, *size, 3) uint8, equal to what `resize_picture` gives.
    """
    given = tf.shape(images)[1:3]

    def by_weights() -> tf.Tensor:
        by_area = tf.reduce_all(size <= given)
        columns = _weights(given[1], size[1], by_area)
        rows = _weights(given[0], size[0], by_area)
        # First the width, then the height, rounded each time.
        wide = _rounded(
            tf.einsum("bhwc,xw->bhxc", tf.cast(images, tf.float64), columns)
        )
        return tf.cast(
            _rounded(tf.einsum("bhxc,yh->byxc", wide, rows)), tf.uint8
        )

    return tf.cond(
        tf.reduce_all(size == given), lambda: tf.identity(images), by_weights
    )


def enlarge_and_choose(values: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Enlarges probabilities bilinearly and takes the largest's number.

    Heights first and then, strip by strip, widths: the full-size
    probabilities never exist at once.

    Args:
        values: (B, h, w, C) float32.
        size: (2,) int32.

    Returns:
        (B, *size) uint8 in 0..C-1.
    """
    shape = tf.shape(values)
    tall = tf.image.resize(values, tf.stack([size[0], shape[2]]))
    row_bytes = shape[0] * size[1] * values.shape[-1] * 4
    rows = tf.maximum(1, STRIP_BYTES // row_bytes)
    num_strips = -(-size[0] // rows)

    def add_strip(
        index: tf.Tensor, kept: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.TensorArray]:
        strip = tall[:, index * rows : (index + 1) * rows]
        wide = tf.image.resize(strip, tf.stack([tf.shape(strip)[1], size[1]]))
        chosen = tf.transpose(most_probable(wide), [1, 0, 2])
        return index + 1, kept.write(index, chosen)

    _, kept = tf.while_loop(
        lambda index, _: index < num_strips,
        add_strip,
        (
            0,
            tf.TensorArray(
                tf.uint8,
                num_strips,
                infer_shape=False,
                element_shape=[None, None, None],
            ),
        ),
        parallel_iterations=1,
    )
    return tf.transpose(kept.concat(), [1, 0, 2])


def most_probable(values: tf.Tensor) -> tf.Tensor:
    """Takes the number of the largest of (B, h, w, C) float32, as uint8."""
    return tf.cast(tf.argmax(values, -1, tf.int32), tf.uint8)


def _rounded(sums: tf.Tensor) -> tf.Tensor:
    return tf.floor((sums + _ONE / 2) / _ONE)


def _weights(
    length: tf.Tensor, target: tf.Tensor, by_area: tf.Tensor
) -> tf.Tensor:
    """Computes what each pixel counts for each target pixel, as Pillow does.

    Returns:
        (target, length) float64, whole numbers, each row adding up to about
        `_ONE`.
    """
    scale = tf.cast(length, tf.float64) / tf.cast(target, tf.float64)
    spread = tf.maximum(scale, 1.0)
    support = tf.where(by_area, 0.5 * spread, spread)
    centers = (tf.range(target, dtype=tf.float64)[:, None] + 0.5) * scale
    places = tf.range(length, dtype=tf.float64)[None]
    # A pixel may lie on the very edge: Pillow's own bounds decide.
    first = tf.floor(centers - support + 0.5)
    end = tf.floor(centers + support + 0.5)
    offsets = (places - centers + 0.5) * (1 / spread)
    is_under = (places >= first) & (places < end)
    box = tf.cast((offsets > -0.5) & (offsets <= 0.5), tf.float64)
    triangle = tf.nn.relu(1 - tf.abs(offsets))
    weights = tf.where(by_area, box, triangle) * tf.cast(is_under, tf.float64)
    weights *= 1 / tf.reduce_sum(weights, 1, keepdims=True)
    return tf.floor(weights * _ONE + 0.5)
