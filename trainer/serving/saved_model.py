"""The SavedModel: encoded bytes or pixels of any size to labelIds."""

import keras
import tensorflow as tf

from schemas.sizes import Size
from trainer.config.sizes import SIZE_FACTOR
from trainer.models.saved import pixels_to_probabilities
from trainer.serving.fixed_size import channels_to_label_ids, round_half_up

ENCODED = "serving_default"
PIXELS = "pixels"


def save_serving(network: keras.Model, resize: Size | None, path: str) -> None:
    """Writes a SavedModel with two signatures.

    `serving_default` takes `image_bytes`, () string, a PNG or JPEG, and
    gives `label_ids`, (H, W) uint8.  `pixels` takes `images`, (B, H, W, 3)
    uint8, and gives (B, H, W) uint8.

    Args:
        network: Gives logits or probabilities of either label space.
        resize: The size that training pictures took; None for their own.
        path: The folder to write.

    Raises:
        ValueError: Keras runs on another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "a SavedModel can be exported on the TensorFlow backend only, "
            f"not on {keras.backend.backend()}; set KERAS_BACKEND=tensorflow"
        )
    probabilities = pixels_to_probabilities(network)
    to_label_ids = tf.constant(channels_to_label_ids(network))

    def pixels(images):
        size = tf.shape(images)[1:3]
        inner = tf.constant(resize) if resize else size
        canvas, margin = _pad(_resize(images, size, inner), inner)
        values = probabilities(canvas, training=False)
        values = tf.slice(
            values,
            [0, margin[0], margin[1], 0],
            [-1, inner[0], inner[1], -1],
        )
        values = tf.image.resize(values @ to_label_ids, size)
        return {"label_ids": tf.cast(tf.argmax(values, -1), tf.uint8)}

    def encoded(image_bytes):
        image = tf.io.decode_image(image_bytes, 3, expand_animations=False)
        label_ids = pixels(tf.ensure_shape(image, [None, None, 3])[None])
        return {"label_ids": label_ids["label_ids"][0]}

    archive = keras.export.ExportArchive()
    archive.track(probabilities)
    archive.add_endpoint(
        ENCODED, encoded, [tf.TensorSpec((), tf.string, "image_bytes")]
    )
    archive.add_endpoint(
        PIXELS,
        pixels,
        [tf.TensorSpec((None, None, None, 3), tf.uint8, "images")],
    )
    archive.write_out(path, verbose=False)


def _resize(images: tf.Tensor, size: tf.Tensor, inner: tf.Tensor) -> tf.Tensor:
    """Resizes (B, H, W, 3) uint8 as training did: by area, if smaller."""
    pixels = tf.cast(images, tf.float32)

    def by_area():
        rows = _box_matrix(size[0], inner[0])
        columns = _box_matrix(size[1], inner[1])
        wide = tf.einsum("bhwc,xw->bhxc", pixels, columns)
        return tf.einsum("yh,bhxc->byxc", rows, round_half_up(wide))

    resized = tf.cond(
        tf.reduce_all(inner <= size),
        by_area,
        lambda: tf.image.resize(pixels, inner),
    )
    return tf.cast(round_half_up(resized), tf.uint8)


def _box_matrix(length: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Averages the pixels whose centres a target pixel covers, as Pillow.

    Returns:
        (target, length) float32, each row adding up to 1.
    """
    # Pillow's own bounds and order: a pixel may lie on the very edge.
    scale = tf.cast(length, tf.float64) / tf.cast(target, tf.float64)
    centers = (tf.range(target, dtype=tf.float64)[:, None] + 0.5) * scale
    places = tf.range(length, dtype=tf.float64)[None]
    first = tf.floor(centers - 0.5 * scale + 0.5)
    end = tf.floor(centers + 0.5 * scale + 0.5)
    offsets = (places - centers + 0.5) * (1 / scale)
    inside = (places >= first) & (places < end)
    inside &= (offsets > -0.5) & (offsets <= 0.5)
    weights = tf.cast(inside, tf.float32)
    return weights / tf.reduce_sum(weights, 1, keepdims=True)


def _pad(images: tf.Tensor, inner: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mirrors (B, h, w, 3) uint8 up to what the network takes.

    Returns:
        The padded pictures, and the padding above and left of them.
    """
    missing = -inner % SIZE_FACTOR
    before = missing // 2
    pads = tf.stack([before, missing - before], 1)
    pads = tf.pad(pads, [[1, 1], [0, 0]])
    return tf.pad(images, pads, "SYMMETRIC"), before
