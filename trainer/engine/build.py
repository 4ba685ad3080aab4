"""From a configuration to what can be stepped: network, optimizer, loss."""

import dataclasses
import functools
from collections.abc import Callable
from typing import NamedTuple

import keras

from schemas.class_weights import PixelCounts
from schemas.quantities import counted
from trainer.backends import devices
from trainer.backends.build import build_stepper
from trainer.backends.step import StepOptions, Stepper
from trainer.config import run_dir, saved
from trainer.config.encoders import NO_WEIGHTS
from trainer.config.flag import ConfigError
from trainer.config.training import TrainConfig
from trainer.engine.plan import Plan
from trainer.engine.state import RunState
from trainer.losses.build import build_loss, class_weights, logit_offsets
from trainer.models import transfer
from trainer.models.build import build_plain_network, build_training_network
from trainer.models.encoders import encoder_layers
from trainer.optimizers.build import build_optimizer
from trainer.optimizers.factors import Pace
from trainer.storage import notes

_MAX_NAMES = 8
"""Of layers, on the console."""


class Milestones(NamedTuple):
    """The steps of a run that its optimizer has to know.

    Attributes:
        end: The last one.
        encoder_begin: The last one before the encoder learns; 0: it does
            from the first on.
    """

    end: int
    encoder_begin: int = 0


def milestones(config: TrainConfig, plan: Plan, state: RunState) -> Milestones:
    """Returns a run's milestones, wherever it is."""
    num_frozen = min(config.model.freeze_encoder_epochs, config.epochs)
    return Milestones(
        plan.end_of_epoch(config.epochs, state),
        plan.end_of_epoch(num_frozen, state),
    )


def settle(
    config: TrainConfig, device: devices.Device, is_new: bool
) -> TrainConfig:
    """Replaces --mixed_precision=auto by the type that it means.

    It stays what it is when the run resumes, on another processor too; where
    that has to imitate the type, a note says so.

    Args:
        config: The run.
        device: What it computes on.
        is_new: Whether it begins.  A run that goes on and yet says auto was
            begun when that was float32 on every CPU.
    """
    jit_compile = devices.choose_jit(config.jit_compile, device)
    given = config.mixed_precision
    if given != "auto":
        precision, reason = devices.choose_precision(device, jit_compile)
        if given != "float32" and precision == "float32":
            notes.say(
                f"--mixed_precision={given} may take many times as long as "
                f"float32 here: {reason}; auto would have chosen float32"
            )
        return config
    precision, reason = devices.choose_precision(
        device, jit_compile, config.model.is_narrow
    )
    if not (is_new or device.is_gpu):
        precision, reason = "float32", "as the run began"
    print(f"--mixed_precision=auto: {precision} ({reason})", flush=True)
    return dataclasses.replace(config, mixed_precision=precision)


def build_training(
    config: TrainConfig,
    num_examples: int,
    counts: PixelCounts,
    device: devices.Device,
    steps: Milestones,
    is_new: bool = True,
) -> Stepper:
    """Builds network, optimizer and loss, ready to step.

    Args:
        config: The run, settled.
        num_examples: The frames that an epoch draws.
        counts: Their pixels.
        device: What it computes on.
        steps: Those that its optimizer has to know.
        is_new: Whether it begins; else all variables are to be restored.

    Raises:
        ConfigError: The devices cannot share what is asked for.
    """
    if device.members:
        _check_batch(config, num_examples, len(device.members))
    policy = devices.policy_of(config.mixed_precision)
    jit_compile = devices.choose_jit(config.jit_compile, device)
    has_kernels = devices.has_kernels(jit_compile)
    build = functools.partial(
        build_training_network, config.model, policy, has_kernels
    )
    if is_new and config.init_from:
        model = _begin_from(config, build)
    else:
        model = build(is_new)
    pace = Pace(config.model.encoder_learning_rate, steps.encoder_begin)
    optimizer = build_optimizer(
        config.optimizer, steps.end, has_kernels, paces_of(model, pace)
    )
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    weights = class_weights(config.loss, config.model.space, counts)
    loss = build_loss(config.loss, weights)
    options = StepOptions(
        jit_compile, config.remat, config.accumulate_steps, device.members
    )
    offsets = logit_offsets(config.loss, weights, counts.class_pixels)
    return build_stepper(model, optimizer, loss, options, offsets)


def _begin_from(
    config: TrainConfig, build: Callable[[bool], keras.Model]
) -> keras.Model:
    """Builds a network with the weights of --init_from, and says which.

    Those of --encoder_weights are asked for only where that leaves a layer of
    the encoder without: a machine may reach none.

    Args:
        config: The run.
        build: Builds the network, with the encoder's weights or without.

    Raises:
        FileNotFoundError: There is no such network, or no file of
            --encoder_weights.
        ValueError: It is damaged, or fits nowhere, or that file.
        ConfigError: The encoder's weights cannot be had.
    """
    path = run_dir.source_network(config.init_from)
    plain = build_plain_network(config.model)
    model = build(False)
    taken = transfer.take_weights(model, plain, path, config.model.space)
    weights, given = config.model.encoder_weights, set()
    if weights != NO_WEIGHTS:
        in_encoder = {layer.name for layer in encoder_layers(plain)}
        given = in_encoder.intersection(taken.new_layers)
    if given:
        model = build(True)
        transfer.take_weights(model, plain, path, config.model.space)
    line = (
        f"took {taken.num_taken} of {counted(taken.num_variables, 'variable')} "
        f"of {path}"
    )
    if _is_averaged(path):
        line += " (averaged)"
    if given:
        line += f", {counted(len(given), 'layer')} of {weights}"
    if new := [name for name in taken.new_layers if name not in given]:
        line += f"; new: {', '.join(new[:_MAX_NAMES])}"
    if len(new) > _MAX_NAMES:
        line += f" and {len(new) - _MAX_NAMES} more"
    print(line, flush=True)
    return model


def _is_averaged(path: str) -> bool:
    """Whether the run whose network this is says that it kept averages."""
    try:
        run = saved.load(path.rpartition("/")[0] or ".")
    except ConfigError:  # Some other program's config.json, which is none.
        return False
    return run is not None and run.optimizer.ema_decay > 0


def paces_of(model: keras.Model, pace: Pace) -> list[Pace]:
    """Returns how each variable of a network learns.

    Args:
        model: A network, with an encoder or without.
        pace: That of the encoder's variables.

    Returns:
        One for each trainable variable; empty where all learn alike.
    """
    others = {
        id(variable)
        for layer in encoder_layers(model)
        for variable in layer.trainable_variables
    }
    if not others or pace == Pace():
        return []
    return [
        pace if id(variable) in others else Pace()
        for variable in model.trainable_variables
    ]


def _check_batch(
    config: TrainConfig, num_examples: int, num_devices: int
) -> None:
    """Checks that every device gets as many pictures.

    Raises:
        ConfigError: The batch does not divide, or the split is too small.
    """
    num_parts = config.accumulate_steps
    wanted = counted(num_devices, "device")
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
            f"{counted(num_examples, 'frame')} of {config.data.train_split}, "
            f"which {wanted} would share; lower it"
        )
