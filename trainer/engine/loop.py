"""The training loop: epochs and steps, from where the run ended."""

import math
from collections.abc import Iterator

from trainer.backends import devices, processes
from trainer.backends.processes import IsStopped
from trainer.backends.step import StepResult
from trainer.config import run_dir, saved
from trainer.config.training import TrainConfig
from trainer.data.loader import Batch, Batching, RunData
from trainer.data.process_share import Share
from trainer.data.run_records import RunRecords
from trainer.engine import build, checkpoints, divergence
from trainer.engine import state as run_state
from trainer.engine.averages import (
    Updates,
    averaged_weights,
    unbiased_statistics,
)
from trainer.engine.checkpoints import Checkpoint
from trainer.engine.clock import Clock
from trainer.engine.console import Console
from trainer.engine.epoch import EpochScores, Pending, Row, has_stalled
from trainer.engine.plan import Plan
from trainer.engine.profiler import Profiler
from trainer.engine.state import Digests, RunState
from trainer.engine.validation import EvalScores, Validation
from trainer.engine.writers import RunOutput
from trainer.models.encoders import encoder_layers
from trainer.storage import files

EXIT_AGAIN = 75
"""Stopped by SIGTERM after saving: the same command resumes the run."""


class Training:
    """A run's parts and its state."""

    def __init__(
        self, config: TrainConfig, records: RunRecords, is_stopped: IsStopped
    ):
        """Builds the parts and restores the state of the last checkpoint.

        Args:
            config: The run.
            records: Those that `config.data` names.
            is_stopped: Whether the run was told to stop.
        """
        self._is_stopped = is_stopped
        self._device = devices.find_device(config.devices)
        checkpoint = checkpoints.load_latest(config.model_dir)
        is_new = checkpoint is None
        config = build.settle(config, self._device, is_new)
        if checkpoint:
            config = saved.with_changes(config, checkpoint.step)
        self._config = config
        self._space = config.model.space
        self._data = _open_data(config, records, self._device.count)
        self._digests = Digests(
            records.train_digest, records.evaluation.digest()
        )
        num_examples = records.num_examples
        self._plan = Plan(
            num_examples, min(config.batch_size, num_examples), config.epochs
        )
        self._state = self._read_state(checkpoint)
        if not self._is_over:
            self._data.verify()
        self._milestones = build.milestones(config, self._plan, self._state)
        self._stepper = build.build_training(
            config,
            num_examples,
            records.pixel_counts,
            self._device,
            self._milestones,
            is_new,
        )
        if checkpoint:
            run_state.restore_variables(checkpoint, self._stepper)
        self._output = RunOutput(config, self._stepper, self._digests)
        self._output.begin(records.pixel_counts.class_pixels, is_new)
        self._console = Console(config, records, self._plan)
        if checkpoint:
            self._console.print_resume(self._state.step)
        profiled = config.profile_steps if config.devices.is_first else ()
        self._profiler = Profiler(config.model_dir, profiled)

    def run(self) -> int:
        """Trains the epochs that are left; see `train.run`."""
        config, state = self._config, self._state
        self._console.print_start(self._stepper.model, self._device)
        self._output.open(state.rows)
        if not self._is_over and not self._train():
            self._console.print_stop(state.step)
            return EXIT_AGAIN
        if len(state.rows) < config.epochs:
            self._console.print_stall(config.early_stopping_patience)
        self._console.print_end(state.best)
        return 0

    def close(self) -> None:
        """Ends a trace that the run did not come to the end of."""
        self._profiler.close()

    @property
    def _is_over(self) -> bool:
        """Whether all epochs are done, or those that would be have stalled."""
        config, rows = self._config, self._state.rows
        return len(rows) >= config.epochs or has_stalled(
            [row.score for row in rows], config.early_stopping_patience
        )

    def _train(self) -> bool:
        """Trains until the run is over; returns False if told to stop."""
        config, state = self._config, self._state
        batches = self._data.train_batches(len(state.rows), state.position)
        validation = Validation(
            self._stepper, self._data, self._new_scores, self._is_stopped
        )
        if config.devices.is_first:
            validation.open_preview(
                config.tensorboard_pictures, config.data.crop
            )
        while not self._is_over:
            epoch = len(state.rows)
            self._stepper.freeze(
                encoder_layers(self._stepper.model),
                config.model.freezes_encoder(epoch),
            )
            clock = Clock(state.epoch_seconds)
            self._train_epoch(epoch, batches, clock)
            scores = validation.score(self._updates)
            if scores is None:
                self._data.check_unchanged()
                self._save(clock)
                return False
            row = self._finish_epoch(epoch, clock, scores)
            self._console.print_epoch(row)
        return True

    @property
    def _updates(self) -> Updates:
        """How often batch normalization has updated its averages."""
        num_parts = self._config.accumulate_steps
        num_frozen = self._milestones.encoder_begin * num_parts
        return Updates(self._state.step * num_parts, num_frozen)

    @property
    def _epoch(self) -> int:
        """The number of the epoch under way, from 1."""
        return len(self._state.rows) + 1

    def _read_state(self, checkpoint: Checkpoint | None) -> RunState:
        state = RunState(self._new_scores())
        if checkpoint:
            run_state.read_state(
                checkpoint,
                state,
                self._digests,
                min(self._config.first_batch_size, self._plan.num_examples),
            )
            self._plan.check_epochs(state, self._config.model_dir)
        processes.check_same(
            self._config,
            {"records": repr(self._digests), "checkpoints": str(state.step)},
        )
        return state

    def _new_scores(self) -> EpochScores:
        is_void_out = self._config.loss.ignore_void
        evaluated = self._space.evaluated if is_void_out else None
        return EpochScores(self._space.num_classes, evaluated)

    def _train_epoch(
        self, epoch: int, batches: Iterator[Batch], clock: Clock
    ) -> None:
        """Trains to the epoch's end, or until the run is told to stop.

        Raises:
            TrainingError: The loss or the weights are no numbers.
        """
        state = self._state
        save_steps = self._config.save_steps or math.inf
        pending = Pending(self._absorb)
        end = self._plan.end_of_epoch(epoch + 1, state)
        while state.step < end:
            if self._is_stopped():
                break
            with clock.waiting():
                images, labels = self._data.next_train(batches)
            self._profiler.before_step(state.step + 1)
            result = self._stepper.train(images, labels)
            state.step += 1
            state.position += self._plan.batch_size
            self._profiler.after_step(state.step, result)
            clock.count(images.shape[0] * self._config.devices.num_processes)
            pending.add(state.step, result)
            if state.step % save_steps == 0:
                pending.finish()
                self._check_variables()
                self._data.check_unchanged()
                self._save(clock)
            self._console.print_step(state, clock)
        pending.finish()
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
        """Keeps the models and the state of a complete epoch."""
        self._data.check_unchanged()
        state = self._state
        row = self._row(epoch + 1, clock, scores)
        is_best = row.score > state.best
        state.rows.append(row)
        state.scores, state.position = self._new_scores(), 0
        with (
            unbiased_statistics(self._stepper, self._updates),
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


def _open_data(
    config: TrainConfig, records: RunRecords, num_devices: int
) -> RunData:
    """Gives the data set what it needs to know of the run."""
    batching = Batching(
        batch_size=config.batch_size,
        accumulate_steps=config.accumulate_steps,
        epochs=config.epochs,
        seed=config.seed,
        num_devices=num_devices,
        size_factor=config.model.size_factor,
        ignore_void=config.loss.ignore_void,
    )
    processes = config.devices
    return RunData(
        config.data,
        records,
        batching,
        files.join(config.model_dir, run_dir.CACHE_DIR),
        Share(processes.process_id, processes.num_processes),
    )
