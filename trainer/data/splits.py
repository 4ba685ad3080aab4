"""The frames of a split: encoded records, or pictures that stay decoded."""

import dataclasses
import itertools
from collections.abc import Callable

import tensorflow as tf

from schemas.manifest import NATIVE, Manifest
from schemas.sizes import Size
from trainer.config.data import DataConfig
from trainer.config.sizes import SIZE_FACTOR, format_size
from trainer.data import cache, dataset, records
from trainer.data.process_share import WHOLE, Share
from trainer.data.source import Element, Source, open_records


def open_train(
    data: DataConfig,
    manifest: Manifest,
    cache_dir: str,
    report: Callable[[str], None] = print,
    share: Share = WHOLE,
) -> Source:
    """Opens the training split at the size before the crop.

    Args:
        data: The split, its size, and whether decoded pictures stay.
        manifest: The data set's manifest.
        cache_dir: The folder for decoded pictures that memory cannot hold.
        report: Is told what is cached.
        share: The part of it that this process reads.

    Raises:
        ConfigError: The size or the cache does not fit.
        ManifestError: A record is damaged.
    """
    resize = dataset.stored_resize(data, manifest, data.train_split)
    source = open_records(data, manifest, data.train_split, resize, share)
    return _cached(
        source, data, manifest, data.train_split, resize, cache_dir, report
    )


def open_eval(
    data: DataConfig,
    manifest: Manifest,
    cache_dir: str,
    report: Callable[[str], None] = print,
    share: Share = WHOLE,
) -> Source:
    """Opens the evaluation split, whole pictures at the crop's size.

    With --resize=none they keep their own size.  Arguments and errors are
    those of `open_train`.
    """
    resize = data.crop if data.resize else None
    if manifest.image_size == resize:
        resize = None
    source = open_records(data, manifest, data.eval_split, resize, share)
    return _cached(
        source, data, manifest, data.eval_split, resize, cache_dir, report
    )


def eval_size(data: DataConfig, manifest: Manifest) -> Size:
    """Returns the (height, width) that evaluation batches have.

    Without a resize: the largest stored sides, rounded up to what the
    network can halve.
    """
    if data.resize:
        return data.crop
    sizes = _stored_sizes(manifest, data.eval_split)
    height, width = (max(sides) for sides in zip(*sizes, strict=True))
    return (
        height + -height % SIZE_FACTOR,
        width + -width % SIZE_FACTOR,
    )


def _cached(
    source: Source,
    data: DataConfig,
    manifest: Manifest,
    split: str,
    resize: Size | None,
    cache_dir: str,
    report: Callable[[str], None],
) -> Source:
    """Decodes a split's frames once where they find room to stay."""
    sizes = {resize} if resize else _stored_sizes(manifest, split)
    if not source.num_examples:
        return source
    if data.cache == "none" or (data.cache == "auto" and len(sizes) > 1):
        return source
    size = next(iter(sizes))
    needed_bytes = cache.decoded_bytes(source.num_examples, size)
    place = cache.choose_place(
        data.cache, needed_bytes, manifest.image_size == NATIVE, cache_dir
    )
    if place == "none":
        return source
    hint = ""
    if manifest.image_size == NATIVE and resize:
        hint = (
            "; preprocess.main --image_size="
            f"{format_size(data.resize)} would do this once for every run"
        )
    report(
        f"decoding {split} once into {needed_bytes / 1e6:.0f} MB of "
        f"{'memory' if place == 'ram' else cache_dir}{hint}"
    )
    decoded = (
        tf.data.Dataset.range(source.num_shards)
        .flat_map(source.open_shard)
        .map(_first(source.fetch), num_parallel_calls=tf.data.AUTOTUNE)
    )
    with records.naming_damage(data.data_dir, manifest, split):
        pictures = cache.fill(
            decoded,
            source.num_examples,
            size,
            cache_dir if place == "disk" else None,
        )
    return _open_pictures(source, pictures)


def _first(fetch: Callable) -> Callable:
    """Turns `fetch` into a map to one picture and its label."""

    def decode(element: Element) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels, index = fetch(element)
        return images[index], labels[index]

    return decode


def _open_pictures(source: Source, pictures: cache.Pictures) -> Source:
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


def _stored_sizes(manifest: Manifest, split: str) -> set[Size]:
    """Returns the sizes of a split's stored pictures."""
    if manifest.image_size != NATIVE:
        return {manifest.image_size}
    return {
        (int(height), int(width))
        for height, width in (
            text.split("x") for text in manifest.split(split).image_sizes
        )
    }
