"""From a configuration to what can be stepped: network, optimizer, loss."""

import keras

from schemas.labels import LABEL_SPACES
from trainer import devices, losses, unet
from trainer.config import TrainConfig
from trainer.stepper import Stepper, build_stepper


def build_training(config: TrainConfig, device: devices.Device) -> Stepper:
    """Builds network, optimizer and loss, ready to step.

    Args:
        config: The run.
        device: What it computes on.
    """
    policy = devices.choose_policy(config.mixed_precision, device)
    model = unet.build_unet(
        (None, None, 3),
        config.model.num_classes,
        config.model.base_filters,
        dtype=policy,
    )
    optimizer = keras.optimizers.Adam(config.learning_rate)
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    space = LABEL_SPACES[config.model.label_space]
    loss = losses.CrossEntropy(losses.class_weights(space, config.ignore_void))
    jit_compile = devices.choose_jit(config.jit_compile, device)
    return build_stepper(model, optimizer, loss, jit_compile)
