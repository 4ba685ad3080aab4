"""The input pipeline of the 2021 recipe, its faults kept.

`benchmarks.recipe` lists the faults; F1 to F6 are here.
"""

import dataclasses
import glob

import numpy as np
import tensorflow as tf

RESIZED_PX = 280
CROP_PX = 256
_SHUFFLED_IMAGES = 300


@dataclasses.dataclass(frozen=True)
class Datasets:
    """What the recipe trains and validates on.

    Attributes:
        train: Endless batches of (B, 256, 256, 3) float32 in [-1, 1] and
            (B, 256, 256, 1) int32 labelIds.
        val: The same kind of batches, each frame once.
        num_train: Training pictures that were found.
        num_val: Validation pictures that were found.
    """

    train: tf.data.Dataset
    val: tf.data.Dataset
    num_train: int
    num_val: int


def datasets(
    cityscapes_root: str, batch_size: int = 32, seed: int = 2019
) -> Datasets:
    """Builds the recipe's two data sets.

    Args:
        cityscapes_root: A folder with leftImg8bit/ and gtFine/.
        batch_size: Pictures a batch.
        seed: The seed of the order that the files are read in.

    Raises:
        FileNotFoundError: A split has no pictures or fewer label maps.
    """
    images, label_maps = list_files(cityscapes_root, "train")
    order = np.random.RandomState(seed).permutation(len(images))
    train = tf.data.Dataset.from_tensor_slices(
        (np.array(images)[order], np.array(label_maps)[order])
    )
    train = train.map(load_train, num_parallel_calls=tf.data.AUTOTUNE)
    train = train.cache()  # F4: what is kept is already cropped and flipped.
    train = train.repeat().shuffle(_SHUFFLED_IMAGES)  # F6: epochs mix.
    train = train.batch(batch_size).prefetch(tf.data.AUTOTUNE)
    val_images, val_label_maps = list_files(cityscapes_root, "val")
    val = tf.data.Dataset.from_tensor_slices((val_images, val_label_maps))
    val = val.map(load_val, num_parallel_calls=tf.data.AUTOTUNE)
    val = val.cache().batch(batch_size)
    return Datasets(train, val, len(images), len(val_images))


def list_files(cityscapes_root: str, split: str) -> tuple[list[str], list[str]]:
    """Lists pictures and label maps, each kind by itself (F1).

    A missing file is not noticed: all later pictures get the label map of
    another frame.

    Raises:
        FileNotFoundError: There are no pictures or fewer label maps.
    """
    folder = f"{glob.escape(cityscapes_root)}/{{}}/{split}/*"
    images = sorted(glob.glob(f"{folder.format('leftImg8bit')}/*.png"))
    label_maps = sorted(
        glob.glob(f"{folder.format('gtFine')}/*_gtFine_labelIds.png")
    )
    if not images or len(label_maps) < len(images):
        raise FileNotFoundError(
            f"{cityscapes_root} has {len(images)} leftImg8bit pictures and "
            f"{len(label_maps)} gtFine label maps of split {split}; the "
            "recipe needs as many maps as pictures"
        )
    return images, label_maps[: len(images)]


def load_train(
    image_path: tf.Tensor, label_path: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Reads one training pair, resized by nearest, cropped and flipped.

    Args:
        image_path: () string.
        label_path: () string.

    Returns:
        (256, 256, 3) float32 in [-1, 1] and (256, 256, 1) int32 labelIds.
    """
    both = tf.concat(
        [_read_png(image_path, 3), _read_png(label_path, 1)], axis=-1
    )  # (H, W, 4) uint8; F5: decoded at full size.
    both = tf.image.resize(
        both,
        (RESIZED_PX, RESIZED_PX),
        method=tf.image.ResizeMethod.NEAREST_NEIGHBOR,  # F2
    )
    both = tf.image.random_crop(both, (CROP_PX, CROP_PX, 4))
    image, label = tf.split(both, [3, 1], axis=-1)
    if tf.random.uniform(()) > 0.5:
        image = tf.image.flip_left_right(image)
        label = tf.image.flip_left_right(label)
    return _normalize(image, label)


def load_val(
    image_path: tf.Tensor, label_path: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Reads one validation pair, both resized bilinearly (F3).

    Args:
        image_path: () string.
        label_path: () string.

    Returns:
        (256, 256, 3) float32 in [-1, 1] and (256, 256, 1) int32: where
        classes meet, ids that are neither's.
    """
    size = (CROP_PX, CROP_PX)
    image = tf.image.resize(_read_png(image_path, 3), size)
    label = tf.image.resize(_read_png(label_path, 1), size)
    return _normalize(image, label)


def _read_png(path: tf.Tensor, channels: int) -> tf.Tensor:
    return tf.image.decode_png(tf.io.read_file(path), channels=channels)


def _normalize(
    image: tf.Tensor, label: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.cast(image, tf.float32) / 127.5 - 1, tf.cast(label, tf.int32)
