"""Variables that learn by another rate, or later, than the rest."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
from keras import ops


class Pace(NamedTuple):
    """How a variable learns.

    Attributes:
        factor: What its learning rate is multiplied by.
        begin: The steps that it stays as it is for.
    """

    factor: float = 1.0
    begin: int = 0


def with_paces(
    kind: type[keras.optimizers.Optimizer], paces: Sequence[Pace]
) -> type[keras.optimizers.Optimizer]:
    """Returns an optimizer class with a learning rate for each variable.

    Args:
        kind: The class of the optimizer.
        paces: That of each trainable variable, in the order in which the
            optimizer is built with them.
    """

    class WithPaces(kind):
        """Scales updates and decoupled weight decay alike."""

        weight_decay: Any

        def update_step(
            self, gradient: Any, variable: keras.Variable, learning_rate: Any
        ) -> None:
            """Updates a variable by its own learning rate."""
            pace = paces[self._get_variable_index(variable)]
            factor = self._factor(pace)
            if pace.begin and isinstance(self, keras.optimizers.Adam):
                factor *= self._late_correction(pace)
            super().update_step(gradient, variable, learning_rate * factor)

        def _apply_weight_decay(
            self, variables: Sequence[keras.Variable]
        ) -> None:
            decay = self.weight_decay
            if decay is None:
                return
            for variable in variables:
                pace = paces[self._get_variable_index(variable)]
                self.weight_decay = decay * self._factor(pace)
                super()._apply_weight_decay([variable])
            self.weight_decay = decay

        def _factor(self, pace: Pace) -> Any:
            if not pace.begin:
                return pace.factor
            has_begun = ops.cast(self.iterations >= pace.begin, "float32")
            return pace.factor * has_begun

        def _late_correction(self, pace: Pace) -> Any:
            """Corrects the bias of moments that began as 0 so late.

            Adam divides it out by the number of all steps: the first updates
            of a variable that begins late would be up to six times too large.
            """
            step = ops.cast(self.iterations + 1, "float32")
            age = ops.maximum(step - pace.begin, 1.0)
            first = (1 - self.beta_1**step) / (1 - self.beta_1**age)
            second = (1 - self.beta_2**age) / (1 - self.beta_2**step)
            return first * ops.sqrt(second)

    WithPaces.__name__ = kind.__name__
    return WithPaces
