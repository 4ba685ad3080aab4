"""Learning-rate schedules."""

import math
from typing import Any

import keras
from keras import ops

POLY_POWER = 0.9


class WarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly, then stays or falls to 0 at the last step's end."""

    def __init__(
        self,
        learning_rate: float,
        schedule: str,
        warmup_steps: int,
        total_steps: int,
    ):
        """Stores the options.

        Args:
            learning_rate: The rate at the end of the warm-up.
            schedule: `constant`, `cosine` or `poly` (power 0.9).
            warmup_steps: Step i of these has (i + 1) / warmup_steps of it.
            total_steps: The steps of the whole run.
        """
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps

    def __call__(self, step: Any) -> Any:
        """Computes the rate of a step, counted from 0; () float32."""
        step = ops.cast(step, "float32")
        decay_steps = max(self.total_steps - self.warmup_steps, 1)
        left = 1 - (step - self.warmup_steps) / decay_steps
        left = ops.clip(left, 0.0, 1.0)
        if self.schedule == "cosine":
            factor = 0.5 - 0.5 * ops.cos(math.pi * left)
        elif self.schedule == "poly":
            factor = left**POLY_POWER
        else:
            factor = ops.ones_like(left)
        if self.warmup_steps:
            rise = (step + 1) / self.warmup_steps
            factor = ops.where(step < self.warmup_steps, rise, factor)
        return self.learning_rate * factor

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            "learning_rate": self.learning_rate,
            "schedule": self.schedule,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }
