"""What a training run says while it runs."""

import time

import keras

from schemas.quantities import counted
from trainer.backends import devices
from trainer.config.sizes import format_size
from trainer.config.training import TrainConfig
from trainer.data.run_records import RunRecords
from trainer.engine.clock import Clock, format_seconds
from trainer.engine.epoch import Row
from trainer.engine.plan import Plan
from trainer.engine.state import RunState

_SECONDS_BETWEEN_LINES = 15.0


class Console:
    """Prints a run's beginning, progress and end."""

    def __init__(self, config: TrainConfig, records: RunRecords, plan: Plan):
        """Starts the clock.

        Args:
            config: The run.
            records: What it learns from and is scored on.
            plan: The steps that it takes.
        """
        self._config = config
        self._records = records
        self._plan = plan
        self._printed = time.monotonic()

    def print_start(self, model: keras.Model, device: devices.Device) -> None:
        """Says what is trained on what."""
        config, plan = self._config, self._plan
        policy = devices.policy_of(config.mixed_precision)
        jit = devices.choose_jit(config.jit_compile, device)
        print(
            f"{model.count_params():,} parameters, "
            f"{config.model.num_classes} classes ({config.model.label_space})"
            f"\n{self._records.describe()}, "
            f"{counted(plan.steps_per_epoch, 'step')} of up to "
            f"{config.batch_size} an epoch, {counted(config.epochs, 'epoch')}"
            f"\n{_times(device.count)}{device.name}, {policy}, "
            f"{'with' if jit else 'no'} XLA",
            flush=True,
        )
        if device.remedy:
            print(device.remedy, flush=True)
        crop, split = config.data.crop, config.data.eval_split
        if config.data.resize and self._records.evaluation.sizes != [crop]:
            print(
                f"{split} is scored at {format_size(crop)} here, its labels "
                "resized as well; --mode=evaluate scores at their own size",
                flush=True,
            )
        if self._records.is_scored_on_its_training:
            print(
                f"{split} is trained on too: its scores say nothing about "
                "other pictures",
                flush=True,
            )

    def print_resume(self, step: int) -> None:
        """Says where a run goes on, and which flags change there."""
        changes = [
            f"--{change.flag} was {change.before} and is {change.after}"
            for change in self._config.changes
            if change.step == step
        ]
        print("; ".join([f"resuming after step {step}", *changes]), flush=True)

    def print_step(self, state: RunState, clock: Clock) -> None:
        """Says how far an epoch is, where the last line is old."""
        now = time.monotonic()
        is_due = now - self._printed >= _SECONDS_BETWEEN_LINES
        scores, plan = state.scores, self._plan
        if not (is_due and scores.has_pixels):
            return
        self._printed = now
        epoch = len(state.rows) + 1
        begin = plan.begin_of_epoch(state)
        steps_left = plan.end_of_epoch(plan.epochs, state) - state.step
        print(
            f"epoch {epoch}/{plan.epochs} step {state.step - begin}/"
            f"{plan.end_of_epoch(epoch, state) - begin}: "
            f"loss {scores.loss:.4f}, mean IoU "
            f"{scores.matrix.mean_iou():.4f}, "
            f"{clock.images_per_second:.1f} img/s, "
            f"{format_seconds(steps_left * clock.seconds_per_step)} left",
            flush=True,
        )

    def print_epoch(self, row: Row) -> None:
        """Says what an epoch has brought."""
        self._printed = time.monotonic()
        epochs_left = self._config.epochs - row.epoch
        ema = ""
        if self._config.optimizer.ema_decay:
            ema = f"averaged {row.val_mean_iou_ema:.4f}, "
        print(
            f"epoch {row.epoch}/{self._config.epochs}: "
            f"loss {row.loss:.4f}, mean IoU {row.mean_iou:.4f}, "
            f"val loss {row.val_loss:.4f}, "
            f"val mean IoU {row.val_mean_iou:.4f}, "
            f"{ema}"
            f"{row.images_per_second:.1f} img/s, "
            f"input wait {row.input_wait_share:.0%}, "
            f"peak {row.peak_memory_mb:.0f} MB, "
            f"{format_seconds(epochs_left * row.seconds)} left",
            flush=True,
        )

    def print_stall(self, patience: int) -> None:
        """Says why a run ends before its last epoch."""
        epochs = counted(patience, "epoch")
        print(f"no better val mean IoU for {epochs}: stopped early")

    def print_stop(self, step: int) -> None:
        """Says that the run was told to stop and how it resumes."""
        print(
            f"stopped and saved at step {step}; the same command resumes from "
            "there"
        )

    def print_end(self, best: float) -> None:
        """Says what came out and where it is."""
        print(
            f"best val mean IoU {best:.4f}; models, metrics.csv and events "
            f"for tensorboard --logdir in {self._config.model_dir}"
        )


def _times(count: int) -> str:
    return f"{count} x " if count > 1 else ""
