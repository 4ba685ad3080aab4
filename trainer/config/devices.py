"""The options of which devices and machines share a run."""

import dataclasses
import importlib.util
import json
import os
import re

from schemas.extras import install
from trainer.config.flag import ConfigError
from trainer.config.options import Config, option

BACKENDS = ("tensorflow", "jax")
"""Keras's backends that the trainer has a step for."""

JAX_EXTRA = "jax-cuda"
"""The extra that installs JAX for NVIDIA GPUs."""

_ADDRESS = re.compile(r"[^\s,]+:\d{1,5}")


@dataclasses.dataclass(frozen=True)
class DevicesConfig(Config):
    """The devices and processes that share the work of every step."""

    strategy: str = option(
        "auto",
        help="One device of each process, or all of them (mirrored, on JAX); "
        "auto: all GPUs on JAX, one on TensorFlow",
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


def check_strategy(strategy: str, backend: str) -> None:
    """Checks that the backend can spread a step over several devices.

    Raises:
        ConfigError: It cannot; says which one can.
    """
    if strategy == "mirrored" and backend != "jax":
        raise ConfigError(
            f"--strategy={strategy} needs JAX, and Keras runs on {backend}: "
            f"run {install(JAX_EXTRA)} (jax for CPUs) and set "
            "KERAS_BACKEND=jax, or use --strategy=auto for one device"
        )


def check_backend(devices: DevicesConfig | None = None) -> None:
    """Checks, before Keras is imported, that it will run on a usable backend.

    Args:
        devices: What shares a run's steps; None where nothing is trained.

    Raises:
        ConfigError: The setting names a backend that is not installed or has
            no training step here, or that does not connect devices or
            processes.
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
            f"{setting}, which is not installed; run "
            + (
                f"{install('trainer')}, or set KERAS_BACKEND=jax"
                if backend == "tensorflow"
                else f"{install('jax')} ({JAX_EXTRA} for GPUs), or {remedy}"
            )
        )
    if devices is None:
        return
    check_strategy(devices.strategy, backend)
    if devices.num_processes > 1 and backend != "jax":
        raise ConfigError(
            f"--num_processes={devices.num_processes} needs JAX, and Keras "
            f"runs on {backend}: set KERAS_BACKEND=jax"
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
