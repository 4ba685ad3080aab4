"""Which steps a run takes: how its epochs divide into batches.

An epoch draws its frames in an order that does not know of batches.  A run
that resumes with another batch size takes the frames that the epoch under way
has not shown yet in batches of the new size; what is left over at the end,
less than a batch, that epoch does not show, as in any epoch.
"""

import dataclasses

from schemas.quantities import counted
from trainer.config.data import steps_per_epoch
from trainer.config.flag import ConfigError
from trainer.engine.state import RunState


@dataclasses.dataclass(frozen=True)
class Plan:
    """The steps of a run, of which some are done.

    Attributes:
        num_examples: The frames that an epoch draws.
        batch_size: Pictures a step, at most those.
        epochs: Passes over the training split.
    """

    num_examples: int
    batch_size: int
    epochs: int

    @property
    def steps_per_epoch(self) -> int:
        """The steps of an epoch of one batch size."""
        return steps_per_epoch(self.num_examples, self.batch_size)

    def begin_of_epoch(self, state: RunState) -> int:
        """Returns the last step before the epoch under way."""
        return state.rows[-1].step if state.rows else 0

    def end_of_epoch(self, number: int, state: RunState) -> int:
        """Returns the step with which an epoch ends, or has ended.

        Args:
            number: That of the epoch, from 1; 0: the run's beginning.
            state: Where the run is.
        """
        if number <= len(state.rows):
            return state.rows[number - 1].step if number else 0
        steps_left = (self.num_examples - state.position) // self.batch_size
        epochs_left = number - len(state.rows) - 1
        return state.step + steps_left + epochs_left * self.steps_per_epoch

    def check_epochs(self, state: RunState, model_dir: str) -> None:
        """Checks that no more epochs are done than the run is to have.

        Raises:
            ConfigError: There are; says how many.
        """
        done = len(state.rows)
        begun = done + (state.position > 0)
        if begun > self.epochs:
            part = " and a part of one more" if begun > done else ""
            raise ConfigError(
                f"--epochs={self.epochs} is less than the run in {model_dir} "
                f"has done: {counted(done, 'epoch')}{part}; give "
                f"--epochs={begun} or more"
            )
