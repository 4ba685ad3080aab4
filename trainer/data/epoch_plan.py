"""What an epoch draws: how many frames of each split, in which mixture.

All of it is a function of the seed and of the epoch.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from trainer.config.data import Augmentation
from trainer.data.run_records import drawn_frames
from trainer.data.source import Source

_MIXTURE = 1
"""Folded into the seed that decides the order within splits."""


@dataclasses.dataclass(frozen=True)
class Order:
    """What decides the batches of training.

    Attributes:
        augmentation: What pictures go through.
        batch_size: Pictures a batch of all processes together, at most those
            that an epoch draws.
        epochs: How many epochs there are.
        seed: Decides order and augmentation.
        first_epoch: The epoch to begin in.
        first_position: How many frames of it, of all processes together, were
            shown before, in batches of whatever size.
    """

    augmentation: Augmentation
    batch_size: int
    epochs: int
    seed: int
    first_epoch: int = 0
    first_position: int = 0


class EpochPlan:
    """What a process draws in an epoch.

    The order of an epoch does not know of batches: they end where less than
    one is left.

    Attributes:
        order: What decides the batches.
        batch_size: Pictures of this process in a batch.
        num_sources: The number of splits.
        num_mixed: How many frames of each split an epoch has in order.
    """

    def __init__(self, sources: Sequence[Source], order: Order):
        """Plans.

        Args:
            sources: The process's share of each split.
            order: What decides the batches.
        """
        self.order = order
        self.num_sources = len(sources)
        wanted = np.array(drawn_frames([source.part for source in sources]))
        num_frames, num_shares = round(wanted.sum()), sources[0].share.count
        batch_size = min(order.batch_size, num_frames)
        num_left = (num_frames - order.first_position) // batch_size
        self.batch_size = batch_size // num_shares
        self.num_mixed = divide(num_frames // num_shares, wanted)
        self._num_taken = num_frames // batch_size * self.batch_size
        self._num_before = order.first_position // num_shares
        self._num_of_first = self._num_before + num_left * self.batch_size

    def mixture(self, epoch: tf.Tensor) -> tf.Tensor:
        """Returns (N,) int64: the number of the split of each frame."""
        ordered = np.repeat(np.arange(self.num_sources), self.num_mixed)
        seed = tf.stack([tf.constant(self.order.seed, tf.int64), epoch])
        return tf.random.experimental.stateless_shuffle(
            tf.constant(ordered, tf.int64),
            tf.random.experimental.stateless_fold_in(seed, _MIXTURE),
        )

    def num_taken(self, epoch: tf.Tensor) -> tf.Tensor:
        """Returns () int64: how many frames an epoch draws, in order."""
        more = self._num_of_first - self._num_taken
        return self._num_taken + self._is_first(epoch) * more

    def num_skipped(self, epoch: tf.Tensor) -> tf.Tensor:
        """Returns () int64: how many of these were drawn before."""
        return self._is_first(epoch) * self._num_before

    def num_of(
        self, number: int, epoch: tf.Tensor, num_first: tf.Tensor
    ) -> tf.Tensor:
        """Returns () int64: how many of an epoch's first are of a split."""
        if self.num_sources == 1:
            return num_first
        is_of_split = self.mixture(epoch)[:num_first] == number
        return tf.math.count_nonzero(is_of_split)

    def _is_first(self, epoch: tf.Tensor) -> tf.Tensor:
        return tf.cast(epoch == self.order.first_epoch, tf.int64)


def divide(total: int, weights: np.ndarray) -> np.ndarray:
    """Divides a number in proportion to weights, by largest remainders.

    Args:
        total: The number.
        weights: (N,) float64 above 0.

    Returns:
        (N,) int64 that add up to the number, each less than 1 off its part.
    """
    parts = total * weights / weights.sum()
    whole = np.floor(parts).astype(np.int64)
    largest_first = np.argsort(whole - parts, kind="stable")
    whole[largest_first[: total - whole.sum()]] += 1
    return whole
