"""The records of a split, or a process's share of them, as they are read."""

import dataclasses
from collections.abc import Callable, Sequence

import tensorflow as tf

from schemas.manifest import NATIVE
from schemas.sizes import Size
from trainer.data import records as record_lib
from trainer.data.dataset import Part
from trainer.data.process_share import Share

SHUFFLE_BYTES = 256 << 20
"""Serialized records that the shuffle may hold."""


@dataclasses.dataclass(frozen=True)
class Source:
    """A process's share of a split's frames, still encoded or cached.

    Attributes:
        part: The split, and how often an epoch draws each record.
        share: Which part of the split it is.
        shard_counts: The frames in each of the share's files.
        shuffle_size: Frames that the shuffle holds; the same whether they
            are cached or not, so that their order is.
        open_shard: () int64 number of a file → a data set of elements.
        fetch: An element → (N, H, W, 3) uint8, (N, H, W) uint8 and the
            frame's number among the N.
        sizes: The (height, width) of its pictures, each once.
        is_slow: Whether decoding costs more than reading from disk.
    """

    part: Part
    share: Share
    shard_counts: tuple[int, ...]
    shuffle_size: int
    open_shard: Callable[[tf.Tensor], tf.data.Dataset]
    fetch: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor | int]]
    sizes: Sequence[Size]
    is_slow: bool

    @property
    def split_examples(self) -> int:
        """The frames of the whole split."""
        return self.part.counts.num_examples

    @property
    def num_examples(self) -> int:
        """The frames of the share."""
        return sum(self.shard_counts)

    @property
    def num_shards(self) -> int:
        """The files that they are in."""
        return len(self.shard_counts)


def open_records(part: Part, resize: Size | None, share: Share) -> Source:
    """Opens the records of a split.

    Args:
        part: The split.
        resize: The (height, width) to bring pictures to, None to keep theirs.
        share: The part of it that this process reads.
    """
    manifest, shards, counts = part.records.manifest, part.shards, part.counts
    paths = tf.constant([part.records.path(shard) for shard in shards])
    pieces = share.pieces([shard.num_examples for shard in shards])
    table = tf.constant(pieces, tf.int64, (len(pieces), 3))

    def open_shard(number: tf.Tensor) -> tf.data.Dataset:
        # Not tf.unstack, which crashes in assert_cardinality.
        shard, begin, end = (table[number, column] for column in range(3))
        # A disk that ends a file too early would shorten the epoch unseen.
        return (
            tf.data.TFRecordDataset(paths[shard])
            .skip(begin)
            .take(end - begin)
            .apply(tf.data.experimental.assert_cardinality(end - begin))
        )

    def fetch(record: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, int]:
        image, label = record_lib.decode(
            record, manifest.image_format, manifest.space, resize
        )
        return image[None], label[None], 0

    return Source(
        part=part,
        share=share,
        shard_counts=tuple(piece.end - piece.begin for piece in pieces),
        shuffle_size=min(
            counts.num_examples,
            1 + SHUFFLE_BYTES * counts.num_examples // counts.num_bytes,
        ),
        open_shard=open_shard,
        fetch=fetch,
        sizes=[resize] if resize else part.sizes,
        is_slow=manifest.image_size == NATIVE,
    )
