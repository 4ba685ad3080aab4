"""The options of optimizer, schedule and loss."""

import dataclasses
from collections.abc import Mapping

from trainer.config.flag import ConfigError
from trainer.config.options import Config, option

LOSSES = (
    "cross_entropy",
    "focal",
    "ohem",
    "cross_entropy_dice",
    "cross_entropy_tversky",
)

_LOSS_OF = {
    "focal_gamma": "focal",
    "ohem_share": "ohem",
    "tversky_beta": "cross_entropy_tversky",
}
"""Flag → the one loss that it is of."""


@dataclasses.dataclass(frozen=True)
class OptimizerConfig(Config):
    """The optimizer and its learning-rate schedule."""

    optimizer: str = option(
        "adam", help="Optimizer", choices=("adam", "adamw", "sgd")
    )
    learning_rate: float = option(
        1e-3,
        help="Learning rate, after the warm-up",
        above=0,
        may_be_declared=True,
    )
    schedule: str = option(
        "constant",
        help="Learning-rate schedule until the last step",
        choices=("constant", "cosine", "poly"),
        may_be_declared=True,
    )
    warmup_steps: int = option(
        0,
        help="Warm-up: steps over which the learning rate rises",
        at_least=0,
        may_be_declared=True,
    )
    weight_decay: float = option(
        0.0,
        help="Weight decay, decoupled (adamw, sgd)",
        at_least=0,
        may_be_declared=True,
    )
    momentum: float = option(0.9, help="Momentum (sgd)", at_least=0, below=1)
    clip_norm: float = option(
        0.0,
        help="Global gradient-norm clipping; 0: none",
        at_least=0,
        may_be_declared=True,
    )
    ema_decay: float = option(
        0.0,
        help="Decay of the weights' exponential moving average, less in a "
        "run's first steps; it is scored beside them and saved; 0: none",
        at_least=0,
        below=1,
    )

    def check_together(self) -> None:
        """Checks that the optimizer knows weight decay."""
        if self.weight_decay and self.optimizer == "adam":
            raise ConfigError(
                f"--weight_decay={self.weight_decay} does nothing with "
                "--optimizer=adam; use adamw or sgd"
            )

    def idle_flags(self) -> Mapping[str, str]:
        """Returns that of another optimizer."""
        if self.optimizer == "sgd":
            return {}
        why = f"with --optimizer={self.optimizer}; leave it out, or use sgd"
        return {"momentum": why}


@dataclasses.dataclass(frozen=True)
class LossConfig(Config):
    """The loss."""

    loss: str = option(
        "cross_entropy",
        help="Loss function",
        choices=LOSSES,
        may_be_declared=True,
    )
    class_weights: str = option(
        "none",
        help="Class weights, from the manifest's pixel counts",
        choices=(
            "none",
            "median_frequency",
            "sqrt_median_frequency",
            "enet",
        ),
        may_be_declared=True,
    )
    logit_adjustment: float = option(
        0.0,
        help="Logit adjustment: share of the class weights' logarithms that "
        "scores and saved networks take off their logits; 1 undoes the weights",
        at_least=0,
        at_most=1,
        may_be_declared=True,
    )
    label_smoothing: float = option(
        0.0,
        help="Label smoothing: share of the truth spread over all classes",
        at_least=0,
        below=1,
        may_be_declared=True,
    )
    focal_gamma: float = option(
        2.0,
        help="Gamma of --loss=focal: how much easy pixels count less",
        at_least=0,
        may_be_declared=True,
    )
    ohem_share: float = option(
        0.25,
        help="Share of the pixels of a batch, the hardest, that --loss=ohem "
        "learns from",
        above=0,
        at_most=1,
        may_be_declared=True,
    )
    region_loss_weight: float = option(
        1.0,
        help="Weight of the Dice or Tversky term beside cross-entropy",
        at_least=0,
        at_most=100,
        may_be_declared=True,
    )
    tversky_beta: float = option(
        0.7,
        help="Beta of --loss=cross_entropy_tversky: what a missed pixel of a "
        "class costs; a wrong one costs the rest to 1; 0.5 is Dice",
        at_least=0,
        at_most=1,
        may_be_declared=True,
    )
    ignore_void: bool = option(
        True,
        help="Ignore classes that the label table does not evaluate, in loss "
        "and scores",
    )

    def idle_flags(self) -> Mapping[str, str]:
        """Returns those of other losses, and of class weights without any."""
        idle = {
            name: f"with --loss={self.loss}; leave it out, or use {loss}"
            for name, loss in _LOSS_OF.items()
            if loss != self.loss
        }
        if self.class_weights == "none":
            idle["logit_adjustment"] = (
                "without --class_weights; leave it out, or give them"
            )
        return idle
