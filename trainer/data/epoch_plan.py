"""What an epoch draws: how many frames of each split, in which mixture.

All of it is a function of the seed and of the epoch.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from trainer.config.data import Augmentation, steps_per_epoch
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
        first_step: The step, over all epochs, to begin at.
    """

    augmentation: Augmentation
    batch_size: int
    epochs: int
    seed: int
    first_step: int = 0


class EpochPlan:
    """What a process draws in an epoch.

    Attributes:
        order: What decides the batches.
        batch_size: Pictures of this process in a batch.
        first_epoch: The epoch to begin in.
        num_sources: The number of splits.
        num_drawn: How many frames an epoch draws of each split.
        num_drawn_before: How many of these the first epoch has drawn.
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
        num_frames = round(wanted.sum())
        batch_size = min(order.batch_size, num_frames)
        num_steps = steps_per_epoch(num_frames, batch_size)
        self.batch_size = batch_size // sources[0].share.count
        self.num_drawn = divide(num_steps * self.batch_size, wanted)
        self.first_epoch, skipped_steps = divmod(order.first_step, num_steps)
        self._num_skipped = skipped_steps * self.batch_size
        skipped = self.mixture(self.first_epoch)[: self._num_skipped]
        self.num_drawn_before = np.bincount(skipped, minlength=len(sources))

    def mixture(self, epoch: tf.Tensor | int) -> tf.Tensor:
        """Returns (N,) int64: the number of the split of each frame drawn."""
        ordered = np.repeat(np.arange(self.num_sources), self.num_drawn)
        seed = tf.stack([tf.constant(self.order.seed, tf.int64), epoch])
        return tf.random.experimental.stateless_shuffle(
            tf.constant(ordered, tf.int64),
            tf.random.experimental.stateless_fold_in(seed, _MIXTURE),
        )

    def num_skipped(self, epoch: tf.Tensor) -> tf.Tensor:
        """Returns () int64: how many of these were drawn before."""
        is_first = tf.cast(epoch == self.first_epoch, tf.int64)
        return is_first * self._num_skipped


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
