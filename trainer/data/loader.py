"""The data set of a run: its batches, with errors that name the record."""

import contextlib
import dataclasses
import math
from collections.abc import Iterator

import tensorflow as tf

from schemas.sizes import Size
from trainer.config.data import DataConfig, steps_per_epoch
from trainer.config.sizes import SIZE_FACTOR
from trainer.data import integrity, pipeline, splits
from trainer.data.dataset import RecordSet
from trainer.data.process_share import WHOLE, Share

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
    """

    batch_size: int
    accumulate_steps: int = 1
    epochs: int = 1
    seed: int = 0
    num_devices: int = 1
    size_factor: int = SIZE_FACTOR


class RunData:
    """The training and the evaluation split of a run.

    Attributes:
        records: The data set.
        num_examples: The frames of the training split.
        steps_per_epoch: The steps that they make.
    """

    def __init__(
        self,
        data: DataConfig,
        records: RecordSet,
        batching: Batching,
        cache_dir: str,
        share: Share = WHOLE,
    ):
        """Verifies the shards.

        Args:
            data: The splits, sizes and augmentation.
            records: The data set.
            batching: How frames are put together.
            cache_dir: The folder for decoded pictures.
            share: The part of each split that this process reads.

        Raises:
            ManifestError: A shard is not the one that was converted.
        """
        self._data = data
        self._batching = batching
        self._cache_dir = cache_dir
        self._share = share
        self.records = records
        used = (data.train_split, data.eval_split)
        integrity.verify_shards(records, used, share=share)
        split = records.manifest.split(data.train_split)
        self.num_examples = split.num_examples
        self.steps_per_epoch = steps_per_epoch(
            split.num_examples, batching.batch_size
        )

    def check_unchanged(self) -> None:
        """Raises ManifestError where the splits were converted again."""
        used = (self._data.train_split, self._data.eval_split)
        self.records.check_unchanged(used)

    def train_batches(self, first_step: int) -> Iterator[Batch]:
        """Opens the batches of all steps from one on."""
        data, batching = self._data, self._batching
        source = splits.open_train(
            data, self.records, self._cache_dir, share=self._share
        )
        order = pipeline.Order(
            crop=data.crop,
            scale=data.scale,
            appearance=data.appearance,
            batch_size=batching.batch_size,
            epochs=batching.epochs,
            seed=batching.seed,
            first_step=first_step,
        )
        return iter(pipeline.train_batches(source, order))

    def next_train(self, batches: Iterator[Batch]) -> Batch:
        """Returns a step's batch.

        Raises:
            ManifestError: A record is damaged or missing.
        """
        split = self._data.train_split
        with integrity.naming_damage(self.records, split):
            batch = next(batches, None)
        if batch is None:
            raise integrity.find_damage(
                self.records, split, "it ended too early"
            )
        return batch

    def eval_batches(self) -> tf.data.Dataset:
        """Opens the batches of one pass over the evaluation split."""
        size = splits.eval_size(
            self._data, self.records, self._batching.size_factor
        )
        source = splits.open_eval(
            self._data, self.records, self._cache_dir, share=self._share
        )
        return pipeline.eval_batches(
            source,
            size,
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
        split = self.records.manifest.split(self._data.eval_split)
        first, end = self._share.bounds(split.num_examples)
        return max(end - first, 1)

    def naming_eval_damage(self) -> contextlib.AbstractContextManager[None]:
        """Turns errors of reading the evaluation split into ManifestErrors."""
        return integrity.naming_damage(self.records, self._data.eval_split)

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
