"""Records to pixels, in TensorFlow."""

import tensorflow as tf

from schemas import example
from schemas.sizes import Size

_KINDS = {bytes: tf.string, int: tf.int64}
_PARSED = (example.IMAGE_ENCODED, example.LABEL_ENCODED)
FEATURES = {
    key: tf.io.FixedLenFeature([], _KINDS[kind])
    for key, kind in example.FEATURES.items()
    if key in _PARSED
}
"""The parse spec of what training needs of a record."""


def decode(
    serialized: tf.Tensor, image_format: str, resize: Size | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Turns a record into pixels: the part that never changes.

    Args:
        serialized: () string, a tf.train.Example.
        image_format: `png` or `jpeg`.
        resize: (height, width) to bring both to, None to keep them.

    Returns:
        (H, W, 3) uint8 picture and (H, W) uint8 ids.
    """
    parsed = tf.io.parse_single_example(serialized, FEATURES)
    image = parsed[example.IMAGE_ENCODED]
    if image_format == "jpeg":
        image = tf.io.decode_jpeg(image, 3, dct_method="INTEGER_ACCURATE")
    else:
        image = tf.io.decode_png(image, 3)
    label = tf.io.decode_png(parsed[example.LABEL_ENCODED], 1)
    if resize is not None:
        image, label = resize_both(image, label, resize)
    return image, label[..., 0]


def resize_both(
    image: tf.Tensor, label: tf.Tensor, size: Size
) -> tuple[tf.Tensor, tf.Tensor]:
    """Resizes a picture by area and its ids by nearest neighbour.

    The nearest id is that of pixel floor((i + 0.5) * scale), as Pillow's
    NEAREST takes it.

    Args:
        image: (H, W, 3) uint8.
        label: (H, W, 1) uint8.
        size: (height, width).

    Returns:
        (height, width, 3) uint8 and (height, width, 1) uint8.
    """
    image = tf.image.resize(image, size, method="area")
    label = tf.image.resize(label, size, method="nearest")
    return tf.cast(tf.round(image), tf.uint8), label
