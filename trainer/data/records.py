"""Records to pixels in TensorFlow, and the search for a damaged one."""

import contextlib
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from schemas import example
from schemas.manifest import Manifest, ManifestError
from schemas.shards import tfrecord
from schemas.sizes import Size
from trainer.storage import files

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


@contextlib.contextmanager
def naming_damage(
    data_dir: str, manifest: Manifest, split: str
) -> Iterator[None]:
    """Turns TensorFlow's reading errors into ones that name the record.

    Raises:
        ManifestError: A record was damaged or missing, or a file could not
            be read; names shard and record.
    """
    try:
        yield
    except tf.errors.OpError as error:
        raise find_damage(data_dir, manifest, split, error.message) from error


def find_damage(
    data_dir: str, manifest: Manifest, split: str, reason: str
) -> ManifestError:
    """Finds which record of a split broke the reading.

    Args:
        data_dir: The data set's folder.
        manifest: Its manifest.
        split: The split that was read.
        reason: What was noticed, which names neither file nor record.

    Returns:
        The error to raise, naming the shard and the record.
    """
    for shard in manifest.split(split).shards:
        path = files.join(data_dir, shard.name)
        index = 0
        try:
            with files.open_binary(path) as stream:
                for _, payload in tfrecord.read_records(stream):
                    _check_payload(payload, manifest.image_format, index)
                    index += 1
        except (ValueError, OSError) as damage:
            return ManifestError(f"{path}: {damage}. {_REMEDY}")
        if index != shard.num_examples:
            return ManifestError(
                f"{path} holds {index} records, the manifest says "
                f"{shard.num_examples}. {_REMEDY}"
            )
    return ManifestError(
        f"reading split {split!r} of {data_dir} failed, though every record "
        f"is whole now: {reason}"
    )


_REMEDY = "Copy the shard again or convert with --overwrite."


def _check_payload(payload: bytes, image_format: str, index: int) -> None:
    """Raises ValueError where a record's content cannot be decoded."""
    name = "unnamed"
    try:
        name = example.decode(payload).name
        image, label = decode(tf.constant(payload), image_format, None)
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        reason = getattr(error, "message", str(error))
        raise ValueError(f"record {index} ({name}): {reason}") from error
    if not np.array_equal(image.shape[:2], label.shape):
        raise ValueError(
            f"record {index} ({name}): the picture is {image.shape[:2]}, "
            f"its label {label.shape}"
        )
