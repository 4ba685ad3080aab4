"""What a run can ask of devices that share each batch."""

import keras

from trainer.backends.devices import Device
from trainer.config.flag import ConfigError
from trainer.config.training import TrainConfig


def check(config: TrainConfig, num_examples: int, device: Device) -> None:
    """Checks a run's flags against the devices that it found.

    Args:
        config: The run.
        num_examples: The frames of the training split.
        device: What it computes on.

    Raises:
        ConfigError: They cannot share what is asked for.
    """
    if not device.members:
        return
    _check_batch(config, num_examples, len(device.members))
    if keras.backend.backend() != "tensorflow":
        return
    for flag, is_given in (
        ("--jit_compile=on", config.jit_compile == "on"),
        ("--remat", config.remat),
    ):
        if is_given:
            raise ConfigError(
                f"{flag} takes one device on TensorFlow, not "
                f"{len(device.members)}; set KERAS_BACKEND=jax, or use "
                "--strategy=single"
            )


def _check_batch(
    config: TrainConfig, num_examples: int, num_devices: int
) -> None:
    """Checks that every device gets as many pictures."""
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
