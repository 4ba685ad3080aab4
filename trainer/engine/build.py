"""From a configuration to what can be stepped: network, optimizer, loss."""

import keras

from schemas.class_weights import PixelCounts
from trainer.backends import devices
from trainer.backends.build import build_stepper
from trainer.backends.step import StepOptions, Stepper
from trainer.config.data import steps_per_epoch
from trainer.config.flag import ConfigError
from trainer.config.training import TrainConfig
from trainer.losses.build import build_loss, class_weights
from trainer.models.build import build_training_network
from trainer.models.encoders import learning_rate_factors
from trainer.optimizers.build import build_optimizer


def build_training(
    config: TrainConfig,
    num_examples: int,
    counts: PixelCounts,
    device: devices.Device,
) -> Stepper:
    """Builds network, optimizer and loss, ready to step.

    Args:
        config: The run.
        num_examples: The frames that an epoch draws.
        counts: Their pixels.
        device: What it computes on.

    Raises:
        ConfigError: The devices cannot share what is asked for.
    """
    if device.members:
        _check_batch(config, num_examples, len(device.members))
    policy = devices.choose_policy(config.mixed_precision, device)
    jit_compile = devices.choose_jit(config.jit_compile, device)
    has_kernels = devices.has_kernels(jit_compile)
    model = build_training_network(config.model, policy, has_kernels)
    num_steps = steps_per_epoch(num_examples, config.batch_size)
    optimizer = build_optimizer(
        config.optimizer,
        config.epochs * num_steps,
        has_kernels,
        learning_rate_factors(model, config.model.encoder_learning_rate),
    )
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    weights = class_weights(config.loss, config.model.space, counts)
    loss = build_loss(config.loss, weights)
    options = StepOptions(
        jit_compile, config.remat, config.accumulate_steps, device.members
    )
    return build_stepper(model, optimizer, loss, options)


def _check_batch(
    config: TrainConfig, num_examples: int, num_devices: int
) -> None:
    """Checks that every device gets as many pictures.

    Raises:
        ConfigError: The batch does not divide, or the split is too small.
    """
    num_parts = config.accumulate_steps
    wanted = f"{num_devices} devices"
    if num_parts > 1:
        wanted += f" with --accumulate_steps={num_parts}"
    if config.batch_size % (num_devices * num_parts):
        raise ConfigError(
            f"--batch_size={config.batch_size}, the pictures of all devices "
            f"together, does not divide over {wanted}; make it a multiple of "
            f"{num_devices * num_parts}, or use fewer devices (--strategy)"
        )
    if config.batch_size > num_examples:
        raise ConfigError(
            f"--batch_size={config.batch_size} is more than the "
            f"{num_examples} frames of {config.data.train_split}, which "
            f"{wanted} would share; lower it"
        )
