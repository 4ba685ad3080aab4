"""The options of training: frozen, checked, written beside the run."""

import dataclasses
from typing import Any

from trainer.config.data import DataConfig, check_crop
from trainer.config.devices import DevicesConfig
from trainer.config.flag import ConfigError
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig, OptimizerConfig
from trainer.config.options import Config, all_flags, option, part, values

SWITCHES = ("auto", "on", "off")

_MAY_BE_DECLARED = (
    "batch_size",
    *(
        name
        for config in (OptimizerConfig, LossConfig, DataConfig)
        for name, flag in all_flags(config).items()
        if flag.option.may_be_declared
    ),
)
"""Flags that decide a run's result and yet fit its variables when changed."""


@dataclasses.dataclass(frozen=True)
class Change:
    """A flag that has changed while a run was interrupted.

    Attributes:
        step: The last one before the change.
        flag: The flag's name.
        before: Its value until then, as on a command line.
        after: Its value since.
    """

    step: int
    flag: str
    before: str
    after: str


@dataclasses.dataclass(frozen=True)
class TrainConfig(Config):
    """One training run."""

    model_dir: str = option(
        help="The run's folder",
        required="the run's folder",
        is_path=True,
        may_change=True,
    )
    data: DataConfig = part()
    model: ModelConfig = part()
    optimizer: OptimizerConfig = OptimizerConfig()
    loss: LossConfig = LossConfig()
    devices: DevicesConfig = DevicesConfig()
    epochs: int = option(
        60,
        help="Epochs: passes over the training split",
        at_least=1,
        at_most=1_000_000,
    )
    batch_size: int = option(
        32,
        help="Batch size, of all devices and processes together",
        at_least=1,
        at_most=65_536,
        may_be_declared=True,
    )
    init_from: str = option(
        "",
        help="Run's folder, or .keras file, whose weights a new run begins "
        "with, where names and shapes of layers are the same",
        is_path=True,
    )
    mixed_precision: str = option(
        "auto",
        help="Type of the network's arithmetic; auto asks the device",
        choices=("auto", "float32", "bfloat16", "float16"),
    )
    jit_compile: str = option(
        "auto",
        help="Whether XLA compiles the step; auto: on a GPU",
        choices=SWITCHES,
        may_change=True,
    )
    remat: bool = option(
        False,
        help="Rematerialization: computes activations again in the backward "
        "pass; less memory, more time",
        may_change=True,
    )
    accumulate_steps: int = option(
        1,
        help="Gradient accumulation: parts that a batch goes through in for "
        "one update; batch normalization sees a part at a time",
        at_least=1,
    )
    profile_steps: tuple[int, ...] = option(
        (),
        help="First and last step to trace for TensorBoard, like 10,15",
        at_least=1,
        length=2,
        example="10,15",
        may_change=True,
    )
    early_stopping_patience: int = option(
        0,
        help="Early stopping: epochs without a better val mean IoU; 0: never",
        at_least=0,
        may_change=True,
    )
    tensorboard_pictures: int = option(
        4,
        help="Frames of the evaluation split that TensorBoard shows each epoch",
        at_least=0,
        at_most=64,
        may_change=True,
    )
    save_steps: int = option(
        0,
        help="Steps between checkpoints within an epoch; 0: only at its end",
        at_least=0,
        may_change=True,
    )
    keep_checkpoints: int = option(
        3,
        help="How many of the latest checkpoints are kept",
        at_least=1,
        may_change=True,
    )
    allow_changes: tuple[str, ...] = option(
        (),
        help="Flags with which the run may be resumed though they decide its "
        "result and have changed",
        choices=_MAY_BE_DECLARED,
        example="learning_rate,batch_size",
        may_change=True,
    )
    seed: int = option(
        2019,
        help="Seed of weights, order and augmentation",
        at_least=0,
        at_most=(1 << 32) - 1,
    )

    changes: tuple[Change, ...] = ()
    """Of flags, while the run was interrupted; no flag by itself."""

    def check_together(self) -> None:
        """Checks that crops fit the network, and a batch its parts."""
        check_crop(self.data.crop, self.model.size_factor)
        if self.batch_size % self.accumulate_steps:
            raise ConfigError(
                f"--batch_size={self.batch_size} does not divide into "
                f"--accumulate_steps={self.accumulate_steps} equal parts"
            )

    @property
    def first_batch_size(self) -> int:
        """The batch size that the run began with."""
        for change in self.changes:
            if change.flag == "batch_size":
                return int(change.before)
        return self.batch_size


def deciding_flags(config: TrainConfig) -> dict[str, Any]:
    """Returns what decides a run's result: flag → value.

    The data set is among it, as it is named; the run's own folder is not.
    """
    flat = values(config)
    return {
        name: flat[name]
        for name, flag in all_flags(TrainConfig).items()
        if not flag.option.may_change or name == "data_dir"
    }
