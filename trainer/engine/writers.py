"""What a run leaves in its folder, of several processes by the first only."""

import numpy as np

from trainer.backends.step import Stepper
from trainer.config.training import TrainConfig
from trainer.engine import checkpoints, epoch
from trainer.engine.epoch import Row
from trainer.engine.state import RunState, to_checkpoint
from trainer.models.saved import save_network


class RunOutput:
    """Writes checkpoints, models, metrics.csv and events."""

    def __init__(self, config: TrainConfig, stepper: Stepper, digest: str):
        """Opens nothing yet.

        Args:
            config: The run.
            stepper: Model and optimizer.
            digest: The `data_digest` of what the run learns from.
        """
        self._config = config
        self._stepper = stepper
        self._digest = digest
        self._is_writer = config.devices.is_first
        self._board = None

    def open(self, rows: list[Row]) -> None:
        """Writes the epochs before a resume and opens new events."""
        if self._is_writer:
            epoch.write_csv(self._config.model_dir, rows)
            self._board = epoch.TensorBoard(self._config.model_dir)

    def save(self, state: RunState) -> None:
        """Writes a checkpoint."""
        if self._is_writer:
            checkpoints.save(
                self._config.model_dir,
                to_checkpoint(state, self._stepper, self._digest),
                self._config.keep_checkpoints,
            )

    def save_model(self, is_best: bool) -> None:
        """Writes the network as its variables are now."""
        if self._is_writer:
            save_network(
                self._config.model_dir,
                self._stepper.model,
                self._config.model,
                is_best,
            )

    def write_epoch(
        self,
        rows: list[Row],
        class_ious: dict[str, float],
        picture: np.ndarray | None,
    ) -> None:
        """Writes metrics.csv and the events of the last epoch.

        Args:
            rows: All epochs.
            class_ious: Class name → its IoU on the evaluation split.
            picture: (height, width, 3) uint8, frames of that split.
        """
        if self._is_writer:
            epoch.write_csv(self._config.model_dir, rows)
            self._board.write(rows[-1], class_ious, picture)
