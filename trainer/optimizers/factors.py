"""Learning rates that are a part of the run's for some of the variables."""

from collections.abc import Sequence
from typing import Any

import keras


def with_factors(
    kind: type[keras.optimizers.Optimizer], factors: Sequence[float]
) -> type[keras.optimizers.Optimizer]:
    """Returns an optimizer class with a learning rate for each variable.

    Args:
        kind: The class of the optimizer.
        factors: What each trainable variable's learning rate is multiplied
            by, in the order in which the optimizer is built with them.
    """

    class WithFactors(kind):
        """Scales updates and decoupled weight decay alike."""

        weight_decay: float | None

        def update_step(
            self, gradient: Any, variable: keras.Variable, learning_rate: Any
        ) -> None:
            """Updates a variable by its own learning rate."""
            factor = factors[self._get_variable_index(variable)]
            super().update_step(gradient, variable, learning_rate * factor)

        def _apply_weight_decay(
            self, variables: Sequence[keras.Variable]
        ) -> None:
            decay = self.weight_decay
            if decay is None:
                return
            for variable in variables:
                factor = factors[self._get_variable_index(variable)]
                self.weight_decay = decay * factor
                super()._apply_weight_decay([variable])
            self.weight_decay = decay

    WithFactors.__name__ = kind.__name__
    return WithFactors
