"""One step of training or evaluation, on TensorFlow or JAX.

A step takes uint8 batches and gives back device-side results at once; who
needs their values waits for them.
"""

import abc
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from schemas.quantities import counted
from trainer.metrics import on_device
from trainer.models import remat

Tensor = Any
"""Of the backend that runs: TensorFlow's tensor, JAX's or NumPy's array."""

Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(label_ids, logits) → loss and the weight that it is the mean over."""


class StepResult(NamedTuple):
    """What one batch gave, on the device.

    Attributes:
        loss: () float32, the mean over the pixels that count.
        weight: () float32, the weight of those pixels.
        counts: (C, C) int32 confusion counts, rows truth.
    """

    loss: Tensor
    weight: Tensor
    counts: Tensor


@dataclasses.dataclass(frozen=True)
class StepOptions:
    """How a step is computed; all but `num_parts` leave its result alone.

    Attributes:
        jit_compile: Whether XLA compiles it.
        remat: Whether activations are computed again for the gradient.
        num_parts: The parts that a training batch goes through in, one after
            the other, for one update.  Batch normalization sees a part at a
            time.
        devices: The backend's names of those that share each batch, as
            `Device.members` has them; empty for one device.
    """

    jit_compile: bool = False
    remat: bool = False
    num_parts: int = 1
    devices: tuple[str, ...] = ()


class Stepper(abc.ABC):
    """Steps a model; its variables are right after `sync`."""

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Loss,
        options: StepOptions,
        offsets: np.ndarray | None = None,
    ):
        """Compiles nothing yet; the first step of each kind does.

        Args:
            model: (B, H, W, 3) float32 in [-1, 1] → (B, H, W, C) logits.
            optimizer: What the model learns by.
            loss: What it learns from.
            options: How.
            offsets: (C,) float32, what `evaluate` adds to the logits before it
                counts the likeliest ids, -inf for ids that never are; None
                for nothing.
        """
        self.model = model
        self.optimizer = optimizer
        self.offsets = offsets
        self._loss = loss
        self._options = options
        self.learned = model.trainable_variables
        """What the optimizer knows, whether it is frozen for a while or not."""
        optimizer.build(self.learned)
        if options.remat:
            self._forward = remat.recomputing(model)
        else:
            self._forward = lambda images: model(images, training=True)

    def freeze(self, layers: Sequence[keras.Layer], is_frozen: bool) -> None:
        """Keeps layers as they are from now on, or lets them learn.

        Batch normalization among them normalizes by its averages meanwhile,
        and the backward pass ends before them.
        """
        if all(layer.trainable != is_frozen for layer in layers):
            return
        for layer in layers:
            layer.trainable = not is_frozen
        self._compile()

    def train(self, images: Tensor, labels: Tensor) -> StepResult:
        """Learns from a batch.

        Args:
            images: (B, H, W, 3) uint8 in [0, 255].
            labels: (B, H, W) uint8 ids.

        Raises:
            ValueError: The batch does not divide into the parts asked for.
        """
        num_parts = self._options.num_parts
        if images.shape[0] % num_parts:
            raise ValueError(
                f"a batch of {counted(images.shape[0], 'picture')} does not "
                f"divide into {num_parts} equal parts; change --batch_size or "
                "--accumulate_steps"
            )
        return self._train_batch(images, labels)

    @abc.abstractmethod
    def evaluate(self, images: Tensor, labels: Tensor) -> StepResult:
        """Scores a batch; the arguments are those of `train`."""

    @abc.abstractmethod
    def _compile(self) -> None:
        """Forgets what was compiled of the training step."""

    @abc.abstractmethod
    def sync(self) -> None:
        """Brings the variables of model and optimizer up to date."""

    @abc.abstractmethod
    def reload(self) -> None:
        """Takes over variables that were assigned from outside."""

    @abc.abstractmethod
    def _train_batch(self, images: Tensor, labels: Tensor) -> StepResult:
        """Does the work of `train`."""

    def _result(
        self,
        labels: Tensor,
        logits: Tensor,
        offsets: np.ndarray | None = None,
    ) -> StepResult:
        """Computes loss and counts of logits.

        Args:
            labels: (B, H, W) uint8 ids.
            logits: (B, H, W, C) float32.
            offsets: (C,) float32, what the counts add to them.
        """
        counts = on_device.logit_counts(labels, logits, offsets)
        return StepResult(*self._loss(labels, logits), counts)
