"""Records to batches in tf.data.

Training: shards in random order, read side by side → serialized records (or
numbers of cached pictures) shuffled → skipped up to where a run resumes →
scaled, cropped, repainted and flipped → batches of uint8.  Order and draws
are functions of (seed, epoch, position) alone, whatever the threads do and
whether pictures are cached.  Of a run of several processes, each reads its
own share of every split and gives its part of every batch.

An epoch of one split shows no frame twice and leaves out the last
`num_examples % batch_size` of its order.  Of several splits, or with a weight,
an epoch draws frames of each in proportion to its frames times its weight,
mixed in an order that is drawn afresh; each split's own come in its order of
that epoch, so that none is shown twice before all were shown once.

Evaluation: every frame once, whole, mirrored up to a common size, in the data
set's order; frames that are ignored altogether fill up the last batch.
"""

from collections.abc import Sequence

import tensorflow as tf

from schemas.labels.rows import IGNORE_ID
from schemas.sizes import Size
from trainer.augmentation import view
from trainer.augmentation.mirror import mirror
from trainer.data.epoch_plan import EpochPlan, Order
from trainer.data.source import Source

READ_WIDTH = 16
"""Shards read side by side."""

EPOCH_STRIDE = 1 << 32
"""Between the numbers of two epochs' first pictures; above any epoch."""

_SEED_OF_ZERO = 1 << 31
"""tf.data cannot shuffle by a tensor's seed in a graph whose seed is 0."""


def train_batches(sources: Sequence[Source], order: Order) -> tf.data.Dataset:
    """Makes the batches of all epochs, one after the other.

    Args:
        sources: The process's share of each training split.
        order: What decides the batches.

    Returns:
        A data set of ((B, h, w, 3) uint8, (B, h, w) uint8), where B is this
        process's part of the batch.
    """
    plan = EpochPlan(sources, order)
    epochs = tf.data.Dataset.range(order.first_epoch, order.epochs)
    streams = [
        _stream(source, number, plan, epochs)
        for number, source in enumerate(sources)
    ]
    if len(streams) == 1:
        [mixed] = streams
    else:
        choices = epochs.flat_map(
            lambda epoch: (
                tf.data.Dataset.from_tensor_slices(plan.mixture(epoch))
                .take(plan.num_taken(epoch))
                .skip(plan.num_skipped(epoch))
            )
        )
        mixed = tf.data.Dataset.choose_from_datasets(streams, choices)
    return mixed.batch(plan.batch_size, drop_remainder=True).prefetch(
        tf.data.AUTOTUNE
    )


def eval_batches(
    source: Source,
    size: Size,
    factor: int,
    batch_size: int,
    num_devices: int = 1,
) -> tf.data.Dataset:
    """Makes the batches of one pass over a split, every frame once.

    Every process gets as many batches as the one with the most frames.

    Args:
        source: The split's frames.
        size: (h, w) that smaller pictures are filled up to.
        factor: What the network's pictures have to divide by.
        batch_size: Pictures a batch of all processes together, at most those
            of the split.
        num_devices: What the batch divides by, as `batch_size` does.

    Returns:
        A data set of ((B, h, w, 3) uint8, (B, h, w) uint8), where B is this
        process's part of the batch and what fills up is `IGNORE_ID`.
    """
    num_frames = source.split_examples
    batch_size = min(batch_size, num_frames + -num_frames % num_devices)
    batch_size //= source.share.count
    largest = source.share.largest(num_frames)
    num_filled = largest + -largest % batch_size - source.num_examples

    def load(element: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels, index = source.fetch(element)
        return pad(images[index], labels[index], size, factor)

    nothing = tf.data.Dataset.from_tensors(
        (
            tf.zeros([*size, 3], tf.uint8),
            tf.fill(size, tf.constant(IGNORE_ID, tf.uint8)),
        )
    )
    return (
        tf.data.Dataset.range(source.num_shards)
        .flat_map(source.open_shard)
        .map(load, num_parallel_calls=tf.data.AUTOTUNE)
        .concatenate(nothing.repeat(num_filled))
        .batch(batch_size, drop_remainder=True)
        .prefetch(tf.data.AUTOTUNE)
    )


def pad(
    image: tf.Tensor, label: tf.Tensor, size: Size, factor: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Fills up a picture with its mirror image; the label says ignore.

    Up to the next multiples of the factor the network sees what it sees of
    the picture in inference: half the margin is above and left of it.  What
    more it takes to fill a batch's pictures is below and right.

    Args:
        image: (H, W, 3) uint8.
        label: (H, W) uint8.
        size: (height, width), at least (H, W) rounded up to multiples.
        factor: What the network's pictures have to divide by.
    """
    sides = tf.shape(label)
    before = -sides % factor // 2
    for axis, length in enumerate(size):
        image = mirror(image, axis, before[axis], length)
    margin = tf.stack([before, size - sides - before], 1)
    label = tf.pad(label, margin, constant_values=IGNORE_ID)
    return tf.ensure_shape(image, (*size, 3)), tf.ensure_shape(label, size)


def _stream(
    source: Source, number: int, plan: EpochPlan, epochs: tf.data.Dataset
) -> tf.data.Dataset:
    """Gives the views of one split that the epochs draw, in their order.

    Args:
        source: The split.
        number: Its number among those of the run.
        plan: What an epoch draws.
        epochs: The numbers of the epochs.
    """
    order, share = plan.order, source.share
    # A weight above 1 takes several passes for an epoch.
    num_passes = max(1, -(-plan.num_mixed[number] // source.num_examples))

    def epoch_elements(epoch: tf.Tensor) -> tf.data.Dataset:
        passes = tf.data.Dataset.range(num_passes).flat_map(
            lambda index: _shuffled(
                source,
                order.seed,
                (epoch * num_passes + index) * plan.num_sources + number,
            )
        )
        return (
            # (position in all epochs, element)
            passes.enumerate(start=epoch * EPOCH_STRIDE)
            .take(plan.num_of(number, epoch, plan.num_taken(epoch)))
            .skip(plan.num_of(number, epoch, plan.num_skipped(epoch)))
        )

    def load(
        position: tf.Tensor, element: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        # Two splits, and two processes, draw differently at one position.
        position = position * plan.num_sources + number
        position = position * share.count + share.index
        seed = tf.stack([tf.constant(order.seed, tf.int64), position])
        return view.random_view(
            *source.fetch(element), seed, order.augmentation
        )

    return epochs.flat_map(epoch_elements).map(
        load, num_parallel_calls=tf.data.AUTOTUNE
    )


def _shuffled(source: Source, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
    """Gives every element of a split once, in the epoch's order."""
    # Of the graph that this is traced in; else the order would be one of the
    # process's seed as well.
    tf.compat.v1.set_random_seed(seed or _SEED_OF_ZERO)
    seeds = tf.stack([tf.constant(seed, tf.int64), epoch])
    shards = tf.random.experimental.stateless_shuffle(
        tf.range(source.num_shards, dtype=tf.int64), seeds
    )
    shuffle_seed = tf.random.stateless_uniform(
        [], seeds, minval=None, maxval=None, dtype=tf.int64
    )
    return (
        tf.data.Dataset.from_tensor_slices(shards)
        .interleave(
            source.open_shard,
            cycle_length=READ_WIDTH,
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .shuffle(
            source.shuffle_size,
            seed=shuffle_seed,
            reshuffle_each_iteration=False,
        )
    )
