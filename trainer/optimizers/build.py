"""The optimizer that a run asks for."""

from collections.abc import Sequence

import keras

from trainer.config.optimization import OptimizerConfig
from trainer.optimizers.averages import with_warm_up
from trainer.optimizers.factors import Pace, with_paces
from trainer.optimizers.schedules import WarmupDecay


def build_optimizer(
    config: OptimizerConfig,
    total_steps: int,
    has_kernels: bool = False,
    paces: Sequence[Pace] = (),
) -> keras.optimizers.Optimizer:
    """Builds the optimizer that a run asks for.

    Args:
        config: Its options.
        total_steps: The steps of the whole run, at whose end cosine and
            poly arrive at 0.
        has_kernels: Whether TensorFlow's kernels do Adam's arithmetic.
        paces: How each trainable variable learns; empty: all alike.
    """
    classes = keras.optimizers
    if has_kernels:
        from trainer.optimizers import tf_adam as classes  # no TensorFlow else
    options = {
        "learning_rate": WarmupDecay(
            config.learning_rate,
            config.schedule,
            config.warmup_steps,
            total_steps,
        ),
        "global_clipnorm": config.clip_norm or None,
        "use_ema": config.ema_decay > 0,
        "ema_momentum": config.ema_decay,
    }
    if config.optimizer == "adam":
        kind = classes.Adam
    elif config.optimizer == "sgd":
        kind = keras.optimizers.SGD
        options["momentum"] = config.momentum
        options["weight_decay"] = config.weight_decay or None
    else:
        kind = classes.AdamW
        options["weight_decay"] = config.weight_decay  # wants a number
    if paces:
        kind = with_paces(kind, paces)
    if options["use_ema"]:
        kind = with_warm_up(kind)
    return kind(**options)
