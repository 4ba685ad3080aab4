"""One step of training or evaluation, on TensorFlow or JAX.

A step takes uint8 batches and gives back device-side results at once; who
needs their values waits for them.
"""

import abc
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

from trainer import metrics, unet

Loss = Callable[[Any, Any], tuple[Any, Any]]
"""(label_ids, logits) → loss and the weight that it is the mean over."""


class StepResult(NamedTuple):
    """What one batch gave, on the device.

    Attributes:
        loss: () float32, the mean over the pixels that count.
        weight: () float32, the weight of those pixels.
        counts: (C, C) int32 confusion counts, rows truth.
    """

    loss: Any
    weight: Any
    counts: Any


class Stepper(abc.ABC):
    """Steps a model; its variables are right after `sync`."""

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Loss,
        jit_compile: bool,
    ):
        """Compiles nothing yet; the first step of each kind does."""
        self.model = model
        self.optimizer = optimizer
        self._loss = loss
        self._jit_compile = jit_compile
        optimizer.build(model.trainable_variables)

    @abc.abstractmethod
    def train(self, images, labels) -> StepResult:
        """Learns from a batch.

        Args:
            images: (B, H, W, 3) uint8 in [0, 255].
            labels: (B, H, W) uint8 ids.
        """

    @abc.abstractmethod
    def evaluate(self, images, labels) -> StepResult:
        """Scores a batch; the arguments are those of `train`."""

    @abc.abstractmethod
    def sync(self) -> None:
        """Brings the variables of model and optimizer up to date."""

    @abc.abstractmethod
    def reload(self) -> None:
        """Takes over variables that were assigned from outside."""

    def _result(self, labels, logits, loss, weight) -> StepResult:
        predicted = ops.argmax(logits, axis=-1)
        counts = metrics.confusion_counts(labels, predicted, logits.shape[-1])
        return StepResult(loss, weight, counts)


def build_stepper(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Loss,
    jit_compile: bool,
) -> Stepper:
    """Returns the stepper of the backend that Keras runs on."""
    is_jax = keras.backend.backend() == "jax"
    kind = _JaxStepper if is_jax else _TensorFlowStepper
    return kind(model, optimizer, loss, jit_compile)


class _TensorFlowStepper(Stepper):
    def __init__(self, *args):
        import tensorflow as tf

        super().__init__(*args)
        compiled = tf.function(
            jit_compile=self._jit_compile,
            autograph=False,  # nothing to convert, and it traces slowly
        )
        self._train = compiled(self._train_eagerly)
        self._evaluate = compiled(self._evaluate_eagerly)
        self._new_tape = tf.GradientTape

    def train(self, images, labels) -> StepResult:
        return self._train(images, labels)

    def evaluate(self, images, labels) -> StepResult:
        return self._evaluate(images, labels)

    def sync(self) -> None:
        pass  # the step works on the variables themselves

    def reload(self) -> None:
        pass

    def _train_eagerly(self, images, labels) -> StepResult:
        variables = self.model.trainable_variables
        with self._new_tape() as tape:
            logits = self.model(unet.normalize(images), training=True)
            loss, weight = self._loss(labels, logits)
            scaled = self.optimizer.scale_loss(loss)
        self.optimizer.apply(tape.gradient(scaled, variables), variables)
        return self._result(labels, logits, loss, weight)

    def _evaluate_eagerly(self, images, labels) -> StepResult:
        logits = self.model(unet.normalize(images), training=False)
        return self._result(labels, logits, *self._loss(labels, logits))


class _JaxStepper(Stepper):
    def __init__(self, *args):
        import jax

        super().__init__(*args)
        self._value_and_grad = jax.value_and_grad(self._forward, has_aux=True)
        self._train = jax.jit(self._train_purely, donate_argnums=0)
        self._evaluate = jax.jit(self._evaluate_purely)
        self.reload()

    def train(self, images, labels) -> StepResult:
        self._state, result = self._train(
            self._state, images.numpy(), labels.numpy()
        )
        return result

    def evaluate(self, images, labels) -> StepResult:
        return self._evaluate(
            self._state[0], self._state[1], images.numpy(), labels.numpy()
        )

    def sync(self) -> None:
        for variables, values in zip(
            self._variables(), self._state, strict=True
        ):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def reload(self) -> None:
        # Copies: the step gives its arguments' memory away.
        self._state = tuple(
            [ops.copy(variable.value) for variable in variables]
            for variables in self._variables()
        )

    def _variables(self) -> tuple[list, list, list]:
        return (
            self.model.trainable_variables,
            self.model.non_trainable_variables,
            self.optimizer.variables,
        )

    def _forward(self, trainable, fixed, optimizer_state, images, labels):
        logits, fixed = self.model.stateless_call(
            trainable, fixed, unet.normalize(images), training=True
        )
        loss, weight = self._loss(labels, logits)
        with keras.StatelessScope(
            zip(self.optimizer.variables, optimizer_state, strict=True)
        ):
            scaled = self.optimizer.scale_loss(loss)
        return scaled, (fixed, self._result(labels, logits, loss, weight))

    def _train_purely(self, state, images, labels):
        trainable, fixed, optimizer_state = state
        (_, (fixed, result)), gradients = self._value_and_grad(
            trainable, fixed, optimizer_state, images, labels
        )
        trainable, optimizer_state = self.optimizer.stateless_apply(
            optimizer_state, gradients, trainable
        )
        return (trainable, fixed, optimizer_state), result

    def _evaluate_purely(self, trainable, fixed, images, labels):
        logits, _ = self.model.stateless_call(
            trainable, fixed, unet.normalize(images), training=False
        )
        return self._result(labels, logits, *self._loss(labels, logits))
