"""The options of training: frozen, checked, written beside the run.

Field names are flag names.
"""

import dataclasses

from trainer.config.data import DataConfig
from trainer.config.devices import DevicesConfig
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig, OptimizerConfig
from trainer.config.options import (
    ConfigError,
    check_at_least,
    check_between,
    check_choice,
    check_model_dir,
)

PRECISIONS = ("auto", "float32", "bfloat16", "float16")
SWITCHES = ("auto", "on", "off")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """One training run.

    Attributes:
        model_dir: The folder of everything that the run writes.
        data: The pictures.
        model: The network.
        optimizer: How gradients become steps.
        loss: What the network is to make small.
        devices: What shares the work.
        epochs: Passes over the training split.
        batch_size: Pictures a step, of all devices together.
        mixed_precision: One of `PRECISIONS`; auto asks the device.
        jit_compile: Whether XLA compiles the step, one of `SWITCHES`.
        remat: Whether activations are computed again in the backward pass.
        accumulate_steps: The parts that a batch goes through in, one after
            the other, for one update.
        profile_steps: The first and the last step to trace; empty: none.
        early_stopping_patience: Epochs without a better mean IoU on the
            evaluation split after which a run ends; 0: never.
        tensorboard_pictures: Frames of the evaluation split that TensorBoard
            shows after each epoch; 0: none.
        save_steps: Steps between checkpoints within an epoch; 0: none, only
            at the epoch's end.
        keep_checkpoints: How many of the latest checkpoints stay.
        seed: Decides weights, order and augmentation.
    """

    model_dir: str
    data: DataConfig
    model: ModelConfig
    optimizer: OptimizerConfig = OptimizerConfig()
    loss: LossConfig = LossConfig()
    devices: DevicesConfig = DevicesConfig()
    epochs: int = 60
    batch_size: int = 32
    mixed_precision: str = "auto"
    jit_compile: str = "auto"
    remat: bool = False
    accumulate_steps: int = 1
    profile_steps: tuple[int, ...] = ()
    early_stopping_patience: int = 0
    tensorboard_pictures: int = 4
    save_steps: int = 0
    keep_checkpoints: int = 3
    seed: int = 2019

    def __post_init__(self) -> None:
        """Checks the values."""
        check_model_dir(self.model_dir)
        check_at_least("epochs", self.epochs, 1)
        check_at_least("batch_size", self.batch_size, 1)
        check_at_least("save_steps", self.save_steps, 0)
        patience = self.early_stopping_patience
        check_at_least("early_stopping_patience", patience, 0)
        check_between("tensorboard_pictures", self.tensorboard_pictures, 0, 64)
        check_at_least("keep_checkpoints", self.keep_checkpoints, 1)
        check_at_least("seed", self.seed, 0)
        check_choice("mixed_precision", self.mixed_precision, PRECISIONS)
        check_choice("jit_compile", self.jit_compile, SWITCHES)
        check_at_least("accumulate_steps", self.accumulate_steps, 1)
        if self.batch_size % self.accumulate_steps:
            raise ConfigError(
                f"--batch_size={self.batch_size} does not divide into "
                f"--accumulate_steps={self.accumulate_steps} equal parts"
            )
        _check_profile_steps(self.profile_steps)


def _check_profile_steps(steps: tuple[int, ...]) -> None:
    if steps and not (len(steps) == 2 and 1 <= steps[0] <= steps[1]):
        raise ConfigError(
            f"--profile_steps={','.join(map(str, steps))} must be the first "
            "and the last step to trace, like 10,15"
        )
