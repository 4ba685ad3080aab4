"""Decoded pictures kept in memory or in a file, before any augmentation.

The deterministic part of the input (decode, resize) runs once; what stays is
uint8, 4 bytes a pixel with the label.  A file is mapped, not read, and its
name is removed at once, so that it ends with the process.
"""

import dataclasses
import itertools
import math
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from schemas.quantities import byte_size
from schemas.sizes import Size
from trainer.config.flag import ConfigError
from trainer.config.sizes import format_size
from trainer.data.source import Source
from trainer.storage import files, memory
from trainer.storage.progress import Progress

BYTES_PER_PIXEL = 4
"""Three of the picture, one of the label."""

MEMORY_SHARE = 0.5
"""Of the free memory or disk, what decoded pictures may take."""


class NoRoomError(ConfigError):
    """The disk has less room for decoded pictures than it said."""


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Decoded pictures.

    Attributes:
        images: (N, H, W, 3) uint8 on the host.
        labels: (N, H, W) uint8 on the host.
    """

    images: tf.Tensor
    labels: tf.Tensor


def keep_decoded(
    source: Source, cache: str, folder: str, report: Callable[[str], None]
) -> Source:
    """Decodes a split's frames once where they find room to stay.

    Args:
        source: The encoded frames.
        cache: The flag, one of `CACHES`.
        folder: Where they go if memory cannot hold them.
        report: Is told what is decoded.

    Returns:
        The decoded frames, in the order of the encoded ones; `source` itself
        where they stay encoded.

    Raises:
        ConfigError: The place that was ordered is too small, or the pictures
            are of several sizes.
    """
    if not source.num_examples or cache == "none":
        return source
    size, *others = source.sizes
    if others and cache == "auto":
        return source
    if others:
        raise _several_sizes(size, others[0])
    needed_bytes = decoded_bytes(source.num_examples, size)
    place = choose_place(cache, needed_bytes, source.is_slow, folder)
    if place == "none":
        return source
    report(
        f"decoding {source.part.split} once into {byte_size(needed_bytes)} "
        f"of {'memory' if place == 'ram' else folder}"
    )
    decoded = (
        tf.data.Dataset.range(source.num_shards)
        .flat_map(source.open_shard)
        .map(_first(source.fetch), num_parallel_calls=tf.data.AUTOTUNE)
    )
    file_folder = folder if place == "disk" else None
    try:
        pictures = fill(decoded, source.num_examples, size, file_folder)
    except NoRoomError as error:
        if cache != "auto":
            raise
        report(f"{error}, as {source.part.split} does now")
        return source
    return _open_pictures(source, pictures)


def decoded_bytes(num_pictures: int, size: Size) -> int:
    """Returns the bytes that decoded pictures and labels take."""
    return num_pictures * size[0] * size[1] * BYTES_PER_PIXEL


def choose_place(
    cache: str, needed_bytes: int, is_slow: bool, folder: str
) -> str:
    """Decides where decoded pictures stay.

    Args:
        cache: The flag: `ram`, `disk` and `none` are orders, `auto` takes
            memory where they fit, else the disk for what is slow to decode.
        needed_bytes: What they take.
        is_slow: Whether decoding costs more than reading from disk.
        folder: The run's folder.

    Returns:
        `ram`, `disk` or `none`.

    Raises:
        ConfigError: The place that was ordered is too small.
    """
    rooms = {"ram": memory.free_bytes, "disk": lambda: _free_disk(folder)}
    if cache == "none":
        return "none"
    if cache in rooms:
        room = int(rooms[cache]() * MEMORY_SHARE)
        if needed_bytes > room:
            raise ConfigError(
                f"--cache={cache} needs {byte_size(needed_bytes)} for the "
                f"decoded pictures, half of what is free are "
                f"{byte_size(room)}; use --cache=none or a smaller --resize"
            )
        return cache
    for place in ("ram", "disk") if is_slow else ("ram",):
        if needed_bytes <= rooms[place]() * MEMORY_SHARE:
            return place
    return "none"


def fill(
    decoded: tf.data.Dataset,
    num_pictures: int,
    size: Size,
    folder: str | None = None,
) -> Pictures:
    """Runs a data set of decoded pictures once and keeps them.

    Args:
        decoded: Gives ((H, W, 3) uint8, (H, W) uint8).
        num_pictures: How many pictures it gives.
        size: Their (H, W).
        folder: Where the file goes; None keeps them in memory.

    Raises:
        ConfigError: A picture is of another size.
        NoRoomError: The folder's disk cannot hold them.
    """
    images = _allocate((num_pictures, *size, 3), folder)
    labels = _allocate((num_pictures, *size), folder)
    progress = Progress(num_pictures, "picture")
    for index, (image, label) in enumerate(decoded.as_numpy_iterator()):
        if index:
            progress.update(index)
        if label.shape != size:
            raise _several_sizes(size, label.shape)
        images[index], labels[index] = image, label
    # Shares the memory; tf.constant would copy it twice.
    wrap = tf.experimental.dlpack.from_dlpack
    return Pictures(wrap(images.__dlpack__()), wrap(labels.__dlpack__()))


def _several_sizes(size: Size, other: Size) -> ConfigError:
    return ConfigError(
        f"--cache needs pictures of one size, {format_size(size)}; one is "
        f"{format_size(other)}: use --cache=none"
    )


def _free_disk(folder: str) -> int:
    if files.is_remote(folder):
        return 0
    files.make_folder(folder)
    return shutil.disk_usage(folder).free


def _first(fetch: Callable) -> Callable:
    """Turns `fetch` into a map to one picture and its label."""

    def decode(element: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels, index = fetch(element)
        return images[index], labels[index]

    return decode


def _open_pictures(source: Source, pictures: Pictures) -> Source:
    """Gives cached pictures in the order that their records would have."""
    counts = source.shard_counts
    ends = tf.constant(list(itertools.accumulate(counts)), tf.int64)
    begins = ends - tf.constant(counts, tf.int64)
    return dataclasses.replace(
        source,
        open_shard=lambda shard: tf.data.Dataset.range(
            begins[shard], ends[shard]
        ),
        fetch=lambda number: (pictures.images, pictures.labels, number),
    )


def _allocate(shape: tuple[int, ...], folder: str | None) -> np.ndarray:
    """Maps memory or a nameless file: page-aligned, as TensorFlow needs."""
    size = math.prod(shape)
    if folder is None:
        pages = mmap.mmap(-1, size)
    else:
        files.make_folder(folder)
        with tempfile.TemporaryFile(dir=folder) as file:
            _reserve(file.fileno(), size, folder)
            pages = mmap.mmap(file.fileno(), size)
    return np.frombuffer(pages, np.uint8).reshape(shape)


def _reserve(file: int, size: int, folder: str) -> None:
    """Gives a file its blocks; without them a full disk is a bus error.

    Raises:
        NoRoomError: The disk has less, or the user may not take as many.
    """
    if not hasattr(os, "posix_fallocate"):  # macOS has none.
        os.ftruncate(file, size)
        return
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        raise NoRoomError(
            f"{folder} cannot hold {byte_size(size)} of decoded pictures "
            f"({error.strerror}); use --cache=none"
        ) from error
