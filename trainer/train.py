"""--mode=train: epochs, steps, and going on where a run ended.

All of a run's state is in its checkpoints.  What people read (metrics.csv,
events, models) is written from it, so that a run that was killed anywhere
and started again has every epoch once.
"""

import collections
import contextlib
import math
from collections.abc import Iterator

import keras

from schemas import locking
from schemas.labels import LABEL_SPACES
from trainer.backends import devices, processes
from trainer.backends.processes import IsStopped
from trainer.backends.step import StepResult
from trainer.config import saved
from trainer.config.training import TrainConfig
from trainer.data.loader import Batch, RunData
from trainer.engine import build, checkpoints, divergence
from trainer.engine import epoch as history
from trainer.engine import state as run_state
from trainer.engine.averages import averaged_weights, unbiased_statistics
from trainer.engine.clock import Clock
from trainer.engine.console import Console
from trainer.engine.epoch import Row, Scores
from trainer.engine.profiler import Profiler
from trainer.engine.state import RunState
from trainer.engine.validation import EvalScores, Validation
from trainer.engine.writers import RunOutput
from trainer.storage import files

EXIT_AGAIN = 75
"""Stopped by SIGTERM after saving: the same command goes on from there."""

_SEED_OF_ZERO = 1 << 31
"""tf.data cannot shuffle by a tensor's seed beside a global seed of 0."""

MAX_PENDING = 8
"""Steps whose results may be under way on the device."""


def run(config: TrainConfig) -> int:
    """Trains, or goes on with, the run in `config.model_dir`.

    Returns:
        The exit code: 0 when all epochs are done, `EXIT_AGAIN` after
        SIGTERM.

    Raises:
        CheckpointError: The folder holds a run of other data.
        LockedError: Another process trains into the folder.
        ManifestError: A record is damaged.
        ProcessesError: Another process of the run is missing or has ended.
        TrainingError: The loss or the weights are no numbers.
    """
    with contextlib.ExitStack() as stack:
        if config.devices.is_first:
            files.make_folder(config.model_dir)
            stack.enter_context(locking.hold(config.model_dir))
            files.remove_partial(config.model_dir)
            saved.save(config)
        is_stopped = stack.enter_context(processes.joined(config.devices))
        keras.utils.set_random_seed(config.seed or _SEED_OF_ZERO)
        training = _Run(config, is_stopped)
        stack.enter_context(contextlib.closing(training))
        return training.train()


class _Run:
    """A run's parts and its state."""

    def __init__(self, config: TrainConfig, is_stopped: IsStopped):
        self._config = config
        self._is_stopped = is_stopped
        self._device = devices.find_device(config.devices)
        self._data = RunData(config, self._device.count)
        manifest, split = self._data.manifest, config.data.train_split
        self._stepper = build.build_training(
            config, manifest.split(split), self._device
        )
        self._space = LABEL_SPACES[config.model.label_space]
        self._digest = run_state.data_digest(manifest, split)
        self._output = RunOutput(config, self._stepper, self._digest)
        self._state = self._restored_state()
        self._console = Console(
            config, self._data.num_examples, self._data.steps_per_epoch
        )
        profiled = config.profile_steps if config.devices.is_first else ()
        self._profiler = Profiler(config.model_dir, profiled)

    def train(self) -> int:
        """Runs the epochs that are left; see `run`."""
        config, state = self._config, self._state
        is_first = config.devices.is_first
        self._console.print_start(self._stepper.model, self._device)
        self._output.open(state.rows)
        batches = self._data.train_batches(state.step)
        validation = Validation(
            self._stepper,
            self._data,
            self._new_scores,
            self._is_stopped,
            num_pictures=config.tensorboard_pictures if is_first else 0,
        )
        for epoch in range(len(state.rows), config.epochs):
            patience = config.early_stopping_patience
            if history.has_stalled(state.rows, patience):
                self._console.print_stall(patience)
                break
            clock = Clock(state.epoch_seconds)
            self._train_epoch(epoch, batches, clock)
            scores = validation.score(self._num_updates)
            if scores is None:
                self._save(clock)
                self._console.print_stop(state.step)
                return EXIT_AGAIN
            row = self._finish_epoch(epoch, clock, scores)
            self._console.print_epoch(row)
        self._console.print_end(state.best)
        return 0

    def close(self) -> None:
        """Ends a trace that the run did not come to the end of."""
        self._profiler.close()

    @property
    def _num_updates(self) -> int:
        """How often batch normalization has updated its averages."""
        return self._state.step * self._config.accumulate_steps

    @property
    def _epoch(self) -> int:
        """The number of the epoch under way, from 1."""
        return len(self._state.rows) + 1

    def _restored_state(self) -> RunState:
        state = RunState(self._new_scores())
        checkpoint = checkpoints.load_latest(self._config.model_dir)
        if checkpoint:
            run_state.from_checkpoint(
                checkpoint, state, self._stepper, self._digest
            )
            print(f"going on after step {state.step}")
        processes.check_same(
            self._config,
            {"records": self._digest, "checkpoints": str(state.step)},
        )
        return state

    def _new_scores(self) -> Scores:
        evaluated = self._space.evaluated
        if not self._config.loss.ignore_void:
            evaluated = None
        return Scores(self._space.num_classes, evaluated)

    def _train_epoch(
        self, epoch: int, batches: Iterator[Batch], clock: Clock
    ) -> None:
        """Trains to the epoch's end, or until the run is told to stop.

        Raises:
            TrainingError: The loss or the weights are no numbers.
        """
        state = self._state
        save_steps = self._config.save_steps or math.inf
        pending = collections.deque()  # (step, StepResult)
        while state.step < (epoch + 1) * self._data.steps_per_epoch:
            if self._is_stopped():
                break
            images, labels = self._data.next_train(batches, clock)
            self._profiler.before_step(state.step + 1)
            result = self._stepper.train(images, labels)
            state.step += 1
            self._profiler.after_step(state.step, result)
            clock.count(images.shape[0] * self._config.devices.num_processes)
            pending.append((state.step, result))
            is_saving = state.step % save_steps == 0
            while len(pending) > (0 if is_saving else MAX_PENDING):
                self._absorb(*pending.popleft())
            if is_saving:
                self._check_variables()
                self._save(clock)
            self._console.print_step(state.step, clock, state.scores)
        while pending:
            self._absorb(*pending.popleft())
        self._check_variables()
        clock.stop()

    def _check_variables(self) -> None:
        """Raises TrainingError where there is nothing good to save."""
        divergence.check_variables(
            self._stepper, self._state.step, self._epoch, self._config.model_dir
        )

    def _absorb(self, step: int, result: StepResult) -> None:
        """Waits for a step's result and adds it to the epoch's.

        Raises:
            TrainingError: The loss is no number.
        """
        loss = float(result.loss)
        divergence.check_loss(loss, step, self._epoch, self._config.model_dir)
        self._state.scores.update(loss, result.weight, result.counts)

    def _finish_epoch(
        self, epoch: int, clock: Clock, scores: EvalScores
    ) -> Row:
        """Keeps the models and the state of a whole epoch."""
        state = self._state
        row = self._row(epoch + 1, clock, scores)
        state.rows.append(row)
        is_best = row.score > state.best
        state.best = max(state.best, row.score)
        state.scores = self._new_scores()
        with (
            unbiased_statistics(self._stepper, self._num_updates),
            averaged_weights(self._stepper),
        ):
            self._output.save_model(is_best)
        self._save()
        ious = scores.plain.matrix.iou()
        self._output.write_epoch(
            state.rows,
            dict(zip(self._space.class_names, ious, strict=True)),
            scores.picture,
        )
        return row

    def _row(self, epoch: int, clock: Clock, scores: EvalScores) -> Row:
        state = self._state
        plain, averaged = scores.plain, scores.averaged
        return Row(
            epoch=epoch,
            step=state.step,
            learning_rate=float(self._stepper.optimizer.learning_rate),
            loss=state.scores.loss,
            pixel_accuracy=state.scores.matrix.pixel_accuracy(),
            mean_iou=state.scores.matrix.mean_iou(),
            val_loss=plain.loss,
            val_pixel_accuracy=plain.matrix.pixel_accuracy(),
            val_mean_iou=plain.matrix.mean_iou(),
            val_mean_iou_ema=(
                averaged.matrix.mean_iou() if averaged else math.nan
            ),
            images_per_second=clock.images_per_second,
            input_wait_share=clock.input_wait_share,
            peak_memory_mb=devices.peak_memory_mb(self._device),
            seconds=clock.seconds,
        )

    def _save(self, clock: Clock | None = None) -> None:
        """Writes a checkpoint; the clock is that of the epoch under way."""
        self._state.epoch_seconds = clock.seconds if clock else 0.0
        self._output.save(self._state)
