"""Steps on Keras's JAX backend; JAX itself is an extra."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike

from trainer.backends import accumulation
from trainer.backends.step import Stepper, StepResult, Tensor
from trainer.models.pixels import normalize

Values = list[Tensor]
"""Of variables, in their order."""

State = tuple[Values, Values, Values]
"""What is learned, what else the model holds, the optimizer's."""


class JaxStepper(Stepper):
    """Steps a copy of the variables, which lives between steps.

    Several devices have a copy each; the variables themselves stay on one.
    """

    def __init__(self, *args: Any):
        """Takes the arguments of `Stepper`; XLA compiles in any case."""
        import jax

        from trainer.backends import jax_mesh

        super().__init__(*args)
        members = self._options.devices
        self._layout = jax_mesh.Layout(members) if members else None
        self._outputs = self._layout.everywhere if self._layout else None
        self._fixed = self.model.non_trainable_variables
        self._value_and_grad = jax.value_and_grad(self._scaled, has_aux=True)
        self._scan, self._array = jax.lax.scan, jax.Array
        self._evaluate = jax.jit(
            self._evaluate_purely, out_shardings=self._outputs
        )
        self._compile()
        self.reload()

    def evaluate(self, images: Tensor, labels: Tensor) -> StepResult:
        """Scores a batch."""
        return self._evaluate(
            self._state[0], self._state[1], *self._put(images, labels)
        )

    def sync(self) -> None:
        """Brings the variables of model and optimizer up to date."""
        # Copies: Keras's predictions give their variables' memory away.
        take = self._layout.take if self._layout else ops.copy
        for variables, values in zip(
            self._variables(), self._state, strict=True
        ):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(take(value))

    def reload(self) -> None:
        """Takes over variables that were assigned from outside."""
        # Copies: the step gives its arguments' memory away.
        copy = self._layout.copy if self._layout else ops.copy
        trained, fixed, optimizer = (
            [copy(variable.value) for variable in variables]
            for variables in self._variables()
        )
        self._state: State = (trained, fixed, optimizer)

    def _compile(self) -> None:
        import jax

        # Another function, or JAX would take the step that it knows.
        def train(*arguments: Any) -> tuple[State, StepResult]:
            return self._train_purely(*arguments)

        self._train = jax.jit(
            train, donate_argnums=0, out_shardings=self._outputs
        )

    def _train_batch(self, images: Tensor, labels: Tensor) -> StepResult:
        self._state, result = self._train(
            self._state, *self._put(images, labels)
        )
        return result

    def _put(self, *batch: ArrayLike) -> list:
        """Brings a batch to where the step takes it; JAX's own stay there."""
        if self._layout:
            return [self._layout.batch(np.asarray(array)) for array in batch]
        return [
            array if isinstance(array, self._array) else np.asarray(array)
            for array in batch
        ]

    def _variables(self) -> tuple[list, list, list]:
        return self.learned, self._fixed, self.optimizer.variables

    def _scaled(
        self,
        trainable: Values,
        fixed: Values,
        optimizer_state: Values,
        images: Tensor,
        labels: Tensor,
    ) -> tuple[Tensor, tuple[Values, StepResult]]:
        """Computes the loss, scaled for float16.

        Returns:
            The loss; beside it the fixed variables' new values and the
            batch's result.
        """
        trainable = [
            value if variable.trainable else ops.stop_gradient(value)
            for variable, value in zip(self.learned, trainable, strict=True)
        ]
        before = zip(
            (v for variables in self._variables() for v in variables),
            (*trainable, *fixed, *optimizer_state),
            strict=True,
        )
        with keras.StatelessScope(before) as scope:
            logits = self._forward(normalize(images))
            result = self._result(labels, logits)
            scaled = self.optimizer.scale_loss(result.loss)
        fixed = [scope.get_current_value(variable) for variable in self._fixed]
        return scaled, (fixed, result)

    def _train_purely(
        self, state: State, images: Tensor, labels: Tensor
    ) -> tuple[State, StepResult]:
        trainable, fixed, optimizer_state = state
        num_parts = self._options.num_parts

        def add_part(
            carry: tuple[Values, accumulation.Sums],
            part: tuple[Tensor, Tensor],
        ) -> tuple[tuple[Values, accumulation.Sums], None]:
            fixed, sums = carry
            (_, (fixed, result)), gradients = self._value_and_grad(
                trainable, fixed, optimizer_state, *part
            )
            return (fixed, accumulation.add(sums, gradients, result)), None

        if num_parts == 1:
            (_, (fixed, result)), gradients = self._value_and_grad(
                trainable, fixed, optimizer_state, images, labels
            )
        else:
            sums = accumulation.nothing(
                self.learned, self.model.output_shape[-1]
            )
            parts = (
                accumulation.split(images, num_parts),
                accumulation.split(labels, num_parts),
            )
            (fixed, sums), _ = self._scan(add_part, (fixed, sums), parts)
            gradients, result = accumulation.mean(sums)
        trainable, optimizer_state = self.optimizer.stateless_apply(
            optimizer_state, gradients, trainable
        )
        return (trainable, fixed, optimizer_state), result

    def _evaluate_purely(
        self, trainable: Values, fixed: Values, images: Tensor, labels: Tensor
    ) -> StepResult:
        before = zip(
            (*self.learned, *self._fixed), (*trainable, *fixed), strict=True
        )
        with keras.StatelessScope(before):
            logits = self.model(normalize(images), training=False)
            return self._result(labels, logits, self.offsets)
