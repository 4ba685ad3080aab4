"""The data set of a run: its batches, with errors that name the record."""

import math
from collections.abc import Iterator

import keras
import tensorflow as tf

from schemas.sizes import Size
from trainer.config import run_dir
from trainer.config.training import TrainConfig
from trainer.data import dataset, integrity, pipeline, records
from trainer.data import splits as sources
from trainer.data.process_share import Share
from trainer.engine.clock import Clock
from trainer.engine.preview import Gallery
from trainer.storage import files

Batch = tuple[tf.Tensor, tf.Tensor]
"""((B, h, w, 3) uint8, (B, h, w) uint8)."""


class RunData:
    """The training and the evaluation split of a run.

    Attributes:
        manifest: The data set's manifest.
        num_examples: The frames of the training split.
        steps_per_epoch: The steps that they make.
    """

    def __init__(self, config: TrainConfig, num_devices: int = 1):
        """Opens the data set.

        Args:
            config: The run.
            num_devices: The devices of all processes that share a batch.

        Raises:
            ManifestError: It is not whole.
        """
        data = config.data
        self._config = config
        self._num_devices = num_devices
        processes = config.devices
        self._share = Share(processes.process_id, processes.num_processes)
        self._cache_dir = files.join(config.model_dir, run_dir.CACHE_DIR)
        splits = (data.train_split, data.eval_split)
        self.manifest = dataset.open_dataset(data, splits)
        integrity.prove_shards(
            data.data_dir, self.manifest, splits, share=self._share
        )
        split = self.manifest.split(data.train_split)
        self.num_examples = split.num_examples
        self.steps_per_epoch = pipeline.steps_per_epoch(
            split.num_examples, config.batch_size
        )

    def train_batches(self, first_step: int) -> Iterator[Batch]:
        """Opens the batches of all steps from one on."""
        config = self._config
        source = sources.open_train(
            config.data, self.manifest, self._cache_dir, share=self._share
        )
        order = pipeline.Order(
            crop=config.data.crop,
            scales=config.data.random_scale,
            appearance=config.data.appearance,
            batch_size=config.batch_size,
            epochs=config.epochs,
            seed=config.seed,
            first_step=first_step,
        )
        return iter(pipeline.train_batches(source, order))

    def next_train(self, batches: Iterator[Batch], clock: Clock) -> Batch:
        """Returns a step's batch; the clock counts the wait.

        Raises:
            ManifestError: A record is damaged or missing.
        """
        split = self._config.data.train_split
        with self._naming_damage(split):
            batch = clock.next(batches)
        if batch is None:
            raise records.find_damage(
                self._config.data.data_dir,
                self.manifest,
                split,
                "it ended too early",
            )
        return batch

    def eval_batches(self) -> tf.data.Dataset:
        """Opens the batches of one pass over the evaluation split."""
        data = self._config.data
        size = sources.eval_size(data, self.manifest)
        return pipeline.eval_batches(
            sources.open_eval(
                data, self.manifest, self._cache_dir, share=self._share
            ),
            size,
            self._eval_batch_size(size),
            self._num_devices,
        )

    def _eval_batch_size(self, size: Size) -> int:
        """Returns how many pictures hold no more pixels than a step does.

        Whole pictures are larger than crops, and a step of accumulated parts
        is smaller than its batch: what fits the training must do for the
        evaluation in its midst.
        """
        config = self._config
        step_pixels = math.prod(config.data.crop) * config.batch_size
        fitting = step_pixels // config.accumulate_steps // math.prod(size)
        return max(fitting - fitting % self._num_devices, self._num_devices)

    def next_eval(self, batches: Iterator[Batch]) -> Batch | None:
        """Returns the next batch of a pass, None at its end.

        Raises:
            ManifestError: A record is damaged.
        """
        with self._naming_damage(self._config.data.eval_split):
            return next(batches, None)

    def open_gallery(
        self, model: keras.Model, batches: tf.data.Dataset, num_frames: int
    ) -> Gallery:
        """Opens the first frames of the evaluation split to be drawn.

        Args:
            model: The network that will be shown them.
            batches: What `eval_batches` has opened.
            num_frames: How many, at most those of this process.

        Raises:
            ManifestError: A record is damaged.
        """
        data = self._config.data
        first, end = self._share.bounds(
            self.manifest.split(data.eval_split).num_examples
        )
        # A share without frames has batches too, filled up with empty ones.
        count = min(num_frames, max(end - first, 1))
        frames = batches.unbatch().take(count)
        with self._naming_damage(data.eval_split):
            return Gallery(
                model,
                frames.as_numpy_iterator(),
                self.manifest.space,
                data.crop,
            )

    def _naming_damage(self, split: str):
        return records.naming_damage(
            self._config.data.data_dir, self.manifest, split
        )
