"""Cuts a random crop, at a random scale, out of a picture and its labels."""

import tensorflow as tf

from schemas.labels.rows import IGNORE_ID
from schemas.sizes import Size
from trainer.augmentation.dropout import PADDING
from trainer.augmentation.rare_class import find_corners
from trainer.config.data import Augmentation, RandomScale

NO_SCALE = RandomScale()


def random_crop(
    images: tf.Tensor,
    labels: tf.Tensor,
    index: tf.Tensor | int,
    draws: tf.Tensor,
    seed: tf.Tensor,
    augmentation: Augmentation,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Cuts out what the draws say, at the scale that they say.

    A crop on a rare class is among those that hold its pixel what the same
    draws say.

    Picture and label never share a tensor, and the slice reads only the
    crop: joining channels and parting them again costs more than the rest.

    Returns:
        (h, w, 3) uint8 and (h, w) uint8: the crop, or what the picture has
        of it.
    """
    sides = tf.shape(labels)[1:]
    crop, scale = augmentation.crop, augmentation.scale
    window, target = crop, crop
    if scale != NO_SCALE:
        window, target = _scaled_window(sides, crop, scale, draws[3])
    low, room = 0, sides - window + 1
    if augmentation.rare:
        low, room = find_corners(labels[index], window, seed, augmentation.rare)
    corner = tf.cast(draws[:2] * tf.cast(room, tf.float32), tf.int32)
    corner = tf.minimum(corner, room - 1)  # float32 may round up to `room`
    begin = tf.concat([[tf.cast(index, tf.int32)], low + corner], 0)
    size = tf.concat([[1], window], 0)
    image = tf.slice(images, tf.pad(begin, [[0, 1]]), tf.concat([size, [3]], 0))
    label = tf.slice(labels, begin, size)
    if scale != NO_SCALE:
        image, label = _resize(image, label[..., None], target)
        label = label[..., 0]
    return image[0], label[0]


def fill_up(
    image: tf.Tensor, label: tf.Tensor, crop: Size
) -> tuple[tf.Tensor, tf.Tensor]:
    """Fills (h, w, 3) and (h, w) uint8 up to the crop's sides."""
    margin = tf.pad((crop - tf.shape(label))[:, None], [[0, 0], [1, 0]])
    label = tf.pad(label, margin, constant_values=IGNORE_ID)
    margin = tf.pad(margin, [[0, 1], [0, 0]])
    return tf.pad(image, margin, constant_values=PADDING), label


def _scaled_window(
    sides: tf.Tensor, crop: Size, scale: RandomScale, draw: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Finds what to cut out so that it fills the crop once it is scaled.

    Resizing the window alone is what resizing the whole picture would give
    there, at a fraction of the cost.

    Args:
        sides: (2,) int32, the picture's (H, W).
        crop: (height, width).
        scale: What the scale is drawn from.
        draw: () float32 in [0, 1).

    Returns:
        The window's (height, width) in the picture and those that it is
        resized to: the crop's, or less where the picture ends.
    """
    if scale.is_log_uniform:
        drawn = scale.low * (scale.high / scale.low) ** draw
    else:
        drawn = scale.low + draw * (scale.high - scale.low)
    wanted = tf.cast(tf.round(tf.cast(crop, tf.float32) / drawn), tf.int32)
    window = tf.clip_by_value(wanted, 1, sides)
    share = tf.cast(window, tf.float32) / tf.cast(wanted, tf.float32)
    target = tf.cast(tf.round(tf.cast(crop, tf.float32) * share), tf.int32)
    return window, tf.maximum(target, 1)


def _resize(
    image: tf.Tensor, label: tf.Tensor, target: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Resizes (1, h, w, 3) and (1, h, w, 1) uint8 to the target's sides.

    Pictures shrink by area, as the conversion shrinks them, and grow
    bilinearly; ids are always the nearest.
    """
    image = tf.cond(
        tf.shape(image)[1] > target[0],
        lambda: tf.image.resize(image, target, "area"),
        lambda: tf.image.resize(image, target, "bilinear"),
    )
    image = tf.cast(tf.round(image), tf.uint8)
    return image, tf.image.resize(label, target, "nearest")
