"""A trace of some steps, for TensorBoard's profiler."""

import keras
import tensorflow as tf

from trainer.backends.step import StepResult
from trainer.config import run_dir
from trainer.storage import files


class Profiler:
    """Traces from one step of a run to another, both included."""

    def __init__(self, model_dir: str, steps: tuple[int, ...]):
        """Starts nothing yet.

        Args:
            model_dir: The run's folder; the trace goes beside the events of
                the training split.
            steps: The first and the last step, counted from 1; empty for no
                trace.
        """
        self._folder = files.join(model_dir, run_dir.TRAIN_EVENTS)
        self._first, self._last = steps or (0, 0)
        self._is_tracing = False

    def before_step(self, step: int) -> None:
        """Starts the trace where it is due."""
        if step == self._first:
            self._is_tracing = True
            _start(self._folder)

    def after_step(self, step: int, result: StepResult) -> None:
        """Ends the trace where it is due, when the device is done."""
        if step == self._last:
            float(result.loss)
            self.close()

    def close(self) -> None:
        """Ends a trace that is under way."""
        if self._is_tracing:
            self._is_tracing = False
            _stop()


def _start(folder: str) -> None:
    if keras.backend.backend() == "jax":
        import jax

        jax.profiler.start_trace(folder)
    else:
        tf.profiler.experimental.start(folder)


def _stop() -> None:
    if keras.backend.backend() == "jax":
        import jax

        jax.profiler.stop_trace()
    else:
        tf.profiler.experimental.stop()
