"""The options of which devices and machines share a run."""

import dataclasses
import os
import re

from trainer.config.options import ConfigError, check_at_least, check_choice

STRATEGIES = ("auto", "single", "mirrored")

_ADDRESS = re.compile(r"[^\s,]+:\d{1,5}")


@dataclasses.dataclass(frozen=True)
class DevicesConfig:
    """What shares the work of every step.

    Attributes:
        strategy: One of `STRATEGIES`: one device of each process, or all of
            them; auto takes all where they are GPUs.
        coordinator: The host:port at which the processes of a run meet, on
            the machine of the first one; empty for one process.
        num_processes: The processes of the run, one a machine.
        process_id: The number of this one, from 0.
    """

    strategy: str = "auto"
    coordinator: str = ""
    num_processes: int = 1
    process_id: int = 0

    def __post_init__(self) -> None:
        """Checks the values."""
        check_choice("strategy", self.strategy, STRATEGIES)
        check_at_least("num_processes", self.num_processes, 1)
        if not 0 <= self.process_id < self.num_processes:
            raise ConfigError(
                f"--process_id={self.process_id} must be from 0 to below "
                f"--num_processes={self.num_processes}"
            )
        if self.num_processes > 1 and not self.coordinator:
            raise ConfigError(
                f"--num_processes={self.num_processes} needs --coordinator, "
                "the first process's host:port"
            )
        if self.num_processes == 1 and self.coordinator:
            raise ConfigError(
                f"--coordinator={self.coordinator} needs --num_processes=N "
                "and --process_id=0..N-1"
            )
        if self.coordinator and not _ADDRESS.fullmatch(self.coordinator):
            raise ConfigError(
                f"--coordinator={self.coordinator} must be host:port, like "
                "10.0.0.1:8476"
            )

    @property
    def is_first(self) -> bool:
        """Whether this process writes the run's folder and the console."""
        return self.process_id == 0


def check_backend(devices: DevicesConfig) -> None:
    """Checks that several processes have a backend that connects them.

    Raises:
        ConfigError: The environment names another one than JAX.
    """
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if devices.num_processes > 1 and backend != "jax":
        raise ConfigError(
            f"--num_processes={devices.num_processes} needs JAX, and Keras "
            f"runs on {backend}: set KERAS_BACKEND=jax"
        )
