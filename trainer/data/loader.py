"""The data set of a run: its batches, with errors that name the record."""

import contextlib
import dataclasses
import math
from collections.abc import Iterator, Sequence

import tensorflow as tf

from schemas.quantities import counted
from schemas.sizes import Size
from trainer.config.data import DataConfig
from trainer.config.flag import ConfigError
from trainer.config.sizes import SIZE_FACTOR
from trainer.data import integrity, pipeline, splits
from trainer.data.dataset import Part
from trainer.data.epoch_plan import Order
from trainer.data.process_share import WHOLE, Share
from trainer.data.run_records import RunRecords

Batch = tuple[tf.Tensor, tf.Tensor]
"""((B, h, w, 3) uint8, (B, h, w) uint8)."""


@dataclasses.dataclass(frozen=True)
class Batching:
    """How a run puts frames together.

    Attributes:
        batch_size: Pictures a step, of all devices and processes together.
        accumulate_steps: The parts that a batch goes through in.
        epochs: Passes over the training split.
        seed: Decides order and augmentation.
        num_devices: The devices of all processes that share a batch.
        size_factor: What both sides of pictures have to divide by.
        ignore_void: Whether no crop is placed on a class that is not
            evaluated.
    """

    batch_size: int
    accumulate_steps: int = 1
    epochs: int = 1
    seed: int = 0
    num_devices: int = 1
    size_factor: int = SIZE_FACTOR
    ignore_void: bool = True


class RunData:
    """The training and the evaluation splits of a run.

    Attributes:
        records: What the splits hold.
    """

    def __init__(
        self,
        data: DataConfig,
        records: RunRecords,
        batching: Batching,
        cache_dir: str,
        share: Share = WHOLE,
    ):
        """Opens nothing yet.

        Args:
            data: The splits, sizes and augmentation.
            records: What they hold.
            batching: How frames are put together.
            cache_dir: The folder for decoded pictures.
            share: The part of each split that this process reads.

        Raises:
            ConfigError: A process would have no frame of a split.
        """
        self._data = data
        self._batching = batching
        self._cache_dir = cache_dir
        self._share = share
        self.records = records
        _check_frames(records.train, share.count)

    def verify(self) -> None:
        """Raises ManifestError where a shard is not as it was converted."""
        used = (*self.records.train, self.records.evaluation)
        integrity.verify_shards(used, share=self._share)

    def check_unchanged(self) -> None:
        """Raises ManifestError where the splits were converted again."""
        self.records.check_unchanged()

    def train_batches(self, epoch: int, position: int) -> Iterator[Batch]:
        """Opens the batches of all steps from a place on.

        Args:
            epoch: The number of the epoch, from 0.
            position: The frames of it that were shown before.
        """
        data, batching = self._data, self._batching
        sources = splits.open_train(
            data, self.records.train, self._cache_dir, share=self._share
        )
        rarity = self.records.rarity(batching.ignore_void)
        order = Order(
            data.augmentation(rarity.tolist()),
            batch_size=batching.batch_size,
            epochs=batching.epochs,
            seed=batching.seed,
            first_epoch=epoch,
            first_position=position,
        )
        return iter(pipeline.train_batches(sources, order))

    def next_train(self, batches: Iterator[Batch]) -> Batch:
        """Returns a step's batch.

        Raises:
            ManifestError: A record is damaged or missing.
        """
        parts = self.records.train
        with integrity.naming_damage(*parts):
            batch = next(batches, None)
        if batch is None:
            raise integrity.find_damage(parts, "it ended too early")
        return batch

    def eval_batches(self) -> tf.data.Dataset:
        """Opens the batches of one pass over the evaluation split."""
        factor = self._batching.size_factor
        size = splits.eval_size(self._data, self.records.evaluation, factor)
        source = splits.open_eval(
            self._data,
            self.records.evaluation,
            self._cache_dir,
            share=self._share,
        )
        return pipeline.eval_batches(
            source,
            size,
            factor,
            self._eval_batch_size(size),
            self._batching.num_devices,
        )

    def next_eval(self, batches: Iterator[Batch]) -> Batch | None:
        """Returns the next batch of a pass, None at its end.

        Raises:
            ManifestError: A record is damaged.
        """
        with self.naming_eval_damage():
            return next(batches, None)

    def num_eval_frames(self) -> int:
        """Returns how many frames of the evaluation split are this process's.

        Without any it has batches too, filled up with empty frames.
        """
        counts = self.records.evaluation.counts
        first, end = self._share.bounds(counts.num_examples)
        return max(end - first, 1)

    def naming_eval_damage(self) -> contextlib.AbstractContextManager[None]:
        """Turns errors of reading the evaluation split into ManifestErrors."""
        return integrity.naming_damage(self.records.evaluation)

    def _eval_batch_size(self, size: Size) -> int:
        """Returns how many pictures hold no more pixels than a step does.

        Whole pictures are larger than crops, and a step of accumulated parts
        is smaller than its batch: what fits the training must do for the
        evaluation in its midst.
        """
        batching, num_devices = self._batching, self._batching.num_devices
        step_pixels = math.prod(self._data.crop) * batching.batch_size
        fitting = step_pixels // batching.accumulate_steps // math.prod(size)
        return max(fitting - fitting % num_devices, num_devices)


def _check_frames(parts: Sequence[Part], num_processes: int) -> None:
    """Checks that every process has a frame of each of several splits."""
    for part in parts:
        num_frames = part.counts.num_examples
        if len(parts) > 1 and num_frames < num_processes:
            raise ConfigError(
                f"{part} has {counted(num_frames, 'frame')}, fewer than the "
                f"{counted(num_processes, 'process', 'processes')}; use fewer, "
                "or leave it out"
            )
