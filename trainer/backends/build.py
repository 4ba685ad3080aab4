"""Which backends there are, and the stepper of the one that Keras runs on."""

import keras
import numpy as np

from trainer.backends.step import Loss, StepOptions, Stepper


def build_stepper(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Loss,
    options: StepOptions,
    offsets: np.ndarray | None = None,
) -> Stepper:
    """Returns the stepper of the backend that Keras runs on.

    The arguments are those of `Stepper`.
    """
    # Each imports its backend: only the one that runs has to be installed.
    if keras.backend.backend() == "jax":
        from trainer.backends.jax_step import JaxStepper

        return JaxStepper(model, optimizer, loss, options, offsets)
    from trainer.backends.tensorflow_step import TensorFlowStepper

    return TensorFlowStepper(model, optimizer, loss, options, offsets)
