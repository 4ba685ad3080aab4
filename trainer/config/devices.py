"""The options of which devices and machines share a run."""

import dataclasses
import importlib.util
import json
import os
import re

from trainer.config.flag import ConfigError
from trainer.config.options import Config, option

BACKENDS = ("tensorflow", "jax")
"""Keras's backends that the trainer has a step for."""

_ADDRESS = re.compile(r"[^\s,]+:\d{1,5}")


@dataclasses.dataclass(frozen=True)
class DevicesConfig(Config):
    """The devices and processes that share the work of every step."""

    strategy: str = option(
        "auto",
        help="One device of each process, or all of them (mirrored, on JAX); "
        "auto: all GPUs",
        choices=("auto", "single", "mirrored"),
        may_change=True,
    )
    coordinator: str = option(
        "",
        help="Where several processes meet: host:port of the first one",
        may_change=True,
    )
    num_processes: int = option(
        1,
        help="Processes of the run, one a machine; needs KERAS_BACKEND=jax",
        at_least=1,
    )
    process_id: int = option(
        0, help="The number of this process, from 0", may_change=True
    )

    def check_together(self) -> None:
        """Checks that several processes can find each other."""
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


def check_backend(num_processes: int = 1) -> None:
    """Checks, before Keras is imported, that it will run on a usable backend.

    Args:
        num_processes: The processes of the run.

    Raises:
        ConfigError: The setting names a backend that is not installed or has
            no training step here, or that does not connect processes.
    """
    backend, setting = _keras_backend()
    remedy = "set KERAS_BACKEND=tensorflow"
    if backend not in BACKENDS:
        raise ConfigError(
            f"{setting}, but the trainer runs on {' or '.join(BACKENDS)}; "
            f"{remedy}"
        )
    if importlib.util.find_spec(backend) is None:
        raise ConfigError(
            f"{setting}, which is not installed; install it, or "
            f"{remedy if backend != 'tensorflow' else 'set KERAS_BACKEND=jax'}"
        )
    if num_processes > 1 and backend != "jax":
        raise ConfigError(
            f"--num_processes={num_processes} needs JAX, and Keras runs on "
            f"{backend}: set KERAS_BACKEND=jax"
        )


def _keras_backend() -> tuple[str, str]:
    """Returns the backend that Keras will choose, and what makes it."""
    if name := os.environ.get("KERAS_BACKEND"):
        return name, f"KERAS_BACKEND={name}"
    folder = os.environ.get("KERAS_HOME", os.path.expanduser("~/.keras"))
    path = os.path.join(folder, "keras.json")
    try:
        with open(path, encoding="utf-8") as file:
            name = json.load(file)["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow", "Keras runs on tensorflow"
    return str(name), f"{path} names the backend {name}"
