"""Steps on Keras's TensorFlow backend."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from trainer.backends import accumulation
from trainer.backends.step import Stepper, StepResult
from trainer.models.pixels import normalize


class TensorFlowStepper(Stepper):
    """Steps in graphs, which work on the variables themselves."""

    def __init__(self, *args: Any):
        """Takes the arguments of `Stepper`."""
        super().__init__(*args)
        self._evaluate = self._compiled(self._evaluate_eagerly)
        self._compile()

    def evaluate(self, images: tf.Tensor, labels: tf.Tensor) -> StepResult:
        """Scores a batch."""
        return self._evaluate(images, labels)

    def sync(self) -> None:
        """Does nothing: there is one copy of the variables."""

    def reload(self) -> None:
        """Does nothing: there is one copy of the variables."""

    def _compile(self) -> None:
        self._train = self._compiled(self._train_eagerly)

    def _compiled(self, function: Callable) -> Callable:
        compile_it = tf.function(jit_compile=self._options.jit_compile)
        return compile_it(function)

    def _train_batch(self, images: tf.Tensor, labels: tf.Tensor) -> StepResult:
        return self._train(images, labels)

    def _train_eagerly(
        self, images: tf.Tensor, labels: tf.Tensor
    ) -> StepResult:
        if self._options.num_parts == 1:
            gradients, result = self._gradients(images, labels)
        else:
            gradients, result = self._accumulated(images, labels)
        self.optimizer.apply(gradients, self.model.trainable_variables)
        return result

    def _gradients(
        self, images: tf.Tensor, labels: tf.Tensor
    ) -> tuple[list, StepResult]:
        """Returns one gradient a variable, scaled for float16."""
        with tf.GradientTape() as tape:
            result = self._score(images, labels, training=True)
            scaled = self.optimizer.scale_loss(result.loss)
        gradients = tape.gradient(scaled, self.model.trainable_variables)
        return gradients, result

    def _accumulated(
        self, images: tf.Tensor, labels: tf.Tensor
    ) -> tuple[list, StepResult]:
        """Computes `_gradients` part by part."""
        num_parts = self._options.num_parts
        images = accumulation.split(images, num_parts)
        labels = accumulation.split(labels, num_parts)

        def add_part(
            index: tf.Tensor, sums: accumulation.Sums
        ) -> tuple[tf.Tensor, accumulation.Sums]:
            part = self._gradients(images[index], labels[index])
            return index + 1, accumulation.add(sums, *part)

        sums = accumulation.nothing(
            self.model.trainable_variables, self.model.output_shape[-1]
        )
        _, sums = tf.while_loop(
            lambda index, _: index < num_parts,
            add_part,
            (0, sums),
            parallel_iterations=1,  # more would hold the memory of as many
        )
        return accumulation.mean(sums)

    def _evaluate_eagerly(
        self, images: tf.Tensor, labels: tf.Tensor
    ) -> StepResult:
        return self._score(images, labels, training=False)

    def _score(
        self, images: tf.Tensor, labels: tf.Tensor, training: bool
    ) -> StepResult:
        """Shows the network a batch."""
        images = normalize(images)
        if training:
            return self._result(labels, self._forward(images))
        logits = self.model(images, training=False)
        return self._result(labels, logits, self.offsets)
