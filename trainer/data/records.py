"""Records to pixels, in TensorFlow."""

import tensorflow as tf

from schemas import example, pictures
from schemas.labels.table import LabelSpace
from schemas.manifest import SEVERAL
from schemas.sizes import Size

_KINDS = {bytes: tf.string, int: tf.int64}
_PARSED = (
    example.IMAGE_ENCODED,
    example.IMAGE_HEIGHT,
    example.IMAGE_WIDTH,
    example.LABEL_ENCODED,
)
FEATURES = {
    key: tf.io.FixedLenFeature([], _KINDS[kind])
    for key, kind in example.FEATURES.items()
    if key in _PARSED
}
"""The parse spec of what training needs of a record."""


def decode(
    serialized: tf.Tensor,
    image_format: str,
    space: LabelSpace,
    resize: Size | None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Turns a record into pixels: the part that never changes.

    What the encoded pictures claim is checked first, so that none takes more
    memory than the record says.  An error names no record; `integrity` finds
    which one it was.

    Args:
        serialized: () string, a tf.train.Example.
        image_format: One of `manifest.IMAGE_FORMATS`.
        space: The label space of its ids.
        resize: (height, width) to bring both to, None to keep them.

    Returns:
        (H, W, 3) uint8 picture and (H, W) uint8 ids.
    """
    parsed = tf.io.parse_single_example(serialized, FEATURES)
    image, label = _decode_both(parsed, image_format)
    label = _with_right_ids(label, space)
    if resize is not None:
        image, label = resize_both(image, label, resize)
    return image, label[..., 0]


def _decode_both(
    parsed: dict[str, tf.Tensor], image_format: str
) -> tuple[tf.Tensor, tf.Tensor]:
    """Decodes a record's picture and label map, (H, W, 3 or 1) uint8."""
    if image_format == SEVERAL:
        start = tf.strings.substr(parsed[example.IMAGE_ENCODED], 0, 2)
        return tf.cond(
            start == b"\xff\xd8",
            lambda: _decode_both(parsed, "jpeg"),
            lambda: _decode_both(parsed, "png"),
        )
    image, label = _checked(parsed, image_format)
    if image_format == "jpeg":
        image = tf.io.decode_jpeg(image, 3, dct_method="INTEGER_ACCURATE")
    else:
        image = tf.io.decode_png(image, 3)
    return image, tf.io.decode_png(label, 1)


def _checked(
    parsed: dict[str, tf.Tensor], image_format: str
) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns both encoded pictures if their headers fit the record."""
    image = parsed[example.IMAGE_ENCODED]
    label = parsed[example.LABEL_ENCODED]
    size = tf.stack([parsed[example.IMAGE_HEIGHT], parsed[example.IMAGE_WIDTH]])
    width_height = tf.cast(size[::-1], tf.int32)
    # A PNG's width and height, and a label map's 8 bits of grey.
    header = tf.strings.substr(label, 16, 10) + "\0\0"
    wanted = tf.concat([width_height, [8 << 24]], 0)
    if image_format == "png":
        header = tf.strings.substr(image, 16, 8) + header
        wanted = tf.concat([width_height, wanted], 0)
        fits = True
    else:
        shape = tf.io.extract_jpeg_shape(image, tf.int64)
        fits = tf.reduce_all(shape[:2] == size)
    numbers = tf.io.decode_raw(header, tf.int32, little_endian=False)
    fits &= tf.reduce_all(numbers == wanted)
    fits &= tf.reduce_prod(size) <= pictures.MAX_PIXELS
    check = tf.raw_ops.Assert(
        condition=fits, data=["a picture is not what its record says"]
    )
    with tf.control_dependencies([check]):
        return tf.identity(image), tf.identity(label)


def _with_right_ids(label: tf.Tensor, space: LabelSpace) -> tf.Tensor:
    """Returns a label map if all its ids are of a label space."""
    # IGNORE_ID is the highest uint8: one more makes 0 of it.
    offset = int(space.has_ignored)
    highest = tf.reduce_max(label + tf.cast(offset, tf.uint8))
    check = tf.raw_ops.Assert(
        condition=highest < space.num_classes + offset,
        data=[f"a label map holds an id that {space.name} do not have"],
    )
    with tf.control_dependencies([check]):
        return tf.identity(label)


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
