"""From a configuration to what can be stepped: network, optimizer, loss."""

import functools

import keras

from schemas.labels import LABEL_SPACES
from schemas.manifest import Split
from trainer.backends import devices
from trainer.backends.step import StepOptions, Stepper, build_stepper
from trainer.config.training import TrainConfig
from trainer.data import pipeline
from trainer.engine import sharing
from trainer.losses import segmentation
from trainer.models import tf_layers, unet
from trainer.optimizers import build


def build_training(
    config: TrainConfig, split: Split, device: devices.Device
) -> Stepper:
    """Builds network, optimizer and loss, ready to step.

    Args:
        config: The run.
        split: The split that it learns from.
        device: What it computes on.

    Raises:
        ConfigError: The devices cannot share what is asked for.
    """
    sharing.check(config, split.num_examples, device)
    policy = devices.choose_policy(config.mixed_precision, device)
    jit_compile = devices.choose_jit(config.jit_compile, device)
    has_kernels = devices.has_kernels(jit_compile)
    normalization = keras.layers.BatchNormalization
    join = unet.concatenating_conv
    if has_kernels:
        normalization = tf_layers.BatchNormalization
        join = tf_layers.JoinConv2D
    model = unet.build_unet(
        (None, None, 3),
        config.model.num_classes,
        config.model.base_filters,
        dtype=policy,
        normalization=functools.partial(
            normalization, momentum=config.model.batch_norm_momentum
        ),
        join=join,
    )
    steps_per_epoch = pipeline.steps_per_epoch(
        split.num_examples, config.batch_size
    )
    optimizer = build.build_optimizer(
        config.optimizer, config.epochs * steps_per_epoch, has_kernels
    )
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    space = LABEL_SPACES[config.model.label_space]
    loss = segmentation.build_loss(
        config.loss, segmentation.class_weights(config.loss, space, split)
    )
    options = StepOptions(
        jit_compile, config.remat, config.accumulate_steps, device.members
    )
    return build_stepper(model, optimizer, loss, options)
