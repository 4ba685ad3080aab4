"""The options of how a network learns: optimizer, schedule and loss."""

import dataclasses

from trainer.config.options import (
    ConfigError,
    check_at_least,
    check_choice,
    check_share,
)

OPTIMIZERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine", "poly")
LOSSES = ("cross_entropy", "focal", "cross_entropy_dice")
CLASS_WEIGHTS = ("none", "median_frequency", "enet")


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """How gradients become steps.

    Attributes:
        optimizer: One of `OPTIMIZERS`.
        learning_rate: The step size after the warm-up.
        schedule: How it falls until the last step, one of `SCHEDULES`.
        warmup_steps: Steps over which it rises from near 0.
        weight_decay: AdamW's and SGD's decay, decoupled from the gradient.
        momentum: SGD's.
        clip_norm: The norm that all gradients together are cut to; 0: none.
        ema_decay: What the running average of the weights keeps of itself
            at a step; 0: there is none.
    """

    optimizer: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup_steps: int = 0
    weight_decay: float = 0.0
    momentum: float = 0.9
    clip_norm: float = 0.0
    ema_decay: float = 0.0

    def __post_init__(self) -> None:
        """Checks the values."""
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        check_choice("schedule", self.schedule, SCHEDULES)
        check_at_least("warmup_steps", self.warmup_steps, 0)
        check_at_least("weight_decay", self.weight_decay, 0)
        check_at_least("clip_norm", self.clip_norm, 0)
        check_share("momentum", self.momentum)
        check_share("ema_decay", self.ema_decay)
        if not 0 < self.learning_rate < float("inf"):
            raise ConfigError(
                f"--learning_rate={self.learning_rate} must be above 0"
            )
        if self.weight_decay and self.optimizer == "adam":
            raise ConfigError(
                f"--weight_decay={self.weight_decay} does nothing with "
                "--optimizer=adam; use adamw or sgd"
            )


@dataclasses.dataclass(frozen=True)
class LossConfig:
    """What the network is to make small.

    Attributes:
        loss: One of `LOSSES`.
        class_weights: What pixels of a class weigh, one of `CLASS_WEIGHTS`.
        label_smoothing: The share of truth spread over all classes.
        focal_gamma: How much focal loss turns away from easy pixels.
        ignore_void: Whether ids that Cityscapes does not evaluate stay out
            of loss and metrics.
    """

    loss: str = "cross_entropy"
    class_weights: str = "none"
    label_smoothing: float = 0.0
    focal_gamma: float = 2.0
    ignore_void: bool = True

    def __post_init__(self) -> None:
        """Checks the values."""
        check_choice("loss", self.loss, LOSSES)
        check_choice("class_weights", self.class_weights, CLASS_WEIGHTS)
        check_share("label_smoothing", self.label_smoothing)
        check_at_least("focal_gamma", self.focal_gamma, 0)
