"""Notices that a training has gone astray before anything of it is saved."""

import math

import numpy as np
from keras import ops

from trainer.backends.step import Stepper
from trainer.config import run_dir


class TrainingError(ValueError):
    """Training cannot continue."""


def check_loss(loss: float, step: int, epoch: int, model_dir: str) -> None:
    """Raises TrainingError where a step's loss is no finite number."""
    if not math.isfinite(loss):
        raise TrainingError(
            _describe(f"loss is {loss} at", step, epoch, model_dir)
        )


def check_variables(
    stepper: Stepper, step: int, epoch: int, model_dir: str
) -> None:
    """Raises TrainingError where a step has left no finite numbers.

    Its loss, which is computed before the weights change, may still be one.
    """
    stepper.sync()
    variables = (*stepper.model.variables, *stepper.optimizer.variables)
    are_finite = ops.stack(
        [ops.all(ops.isfinite(variable.value)) for variable in variables]
    )
    if not np.all(ops.convert_to_numpy(are_finite)):
        raise TrainingError(
            _describe("weights are not finite after", step, epoch, model_dir)
        )


def _describe(what: str, step: int, epoch: int, model_dir: str) -> str:
    kept = ""
    if run_dir.has_checkpoint(model_dir):
        kept = f"; the checkpoints in {model_dir} are from before"
    return (
        f"the {what} step {step}, epoch {epoch}{kept}. Begin another run with "
        "a lower --learning_rate or with --clip_norm"
    )
