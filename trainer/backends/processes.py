"""Several processes, one a machine, that train one network together.

JAX connects them: they meet at the first one, tell it by heartbeats that they
live, and add up their gradients.  Only the first one writes the run's folder
and the console.
"""

import atexit
import contextlib
import dataclasses
import hashlib
import itertools
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np

from trainer.config.devices import DevicesConfig
from trainer.config.flag import ConfigError
from trainer.config.training import TrainConfig

MEETING_SECONDS = 300
"""How long the processes wait for each other at the start."""

HEARTBEAT_SECONDS = 30
"""How long a process may be silent before the others end."""

_LOST = re.compile("Gloo|NCCL")
"""What JAX's errors name where a process could not be reached."""

IsStopped = Callable[[], bool]
"""Whether the run was told to stop.  All processes of a run ask equally often
and are told so at the same time."""


class ProcessesError(ValueError):
    """The processes of a run did not find each other, or lost one."""


@contextlib.contextmanager
def joined(options: DevicesConfig) -> Iterator[IsStopped]:
    """Connects the processes of a run and listens for SIGTERM.

    Raises:
        ProcessesError: A process is missing or has ended.
    """
    if options.num_processes > 1:
        with _connected(options) as is_stopped:
            yield is_stopped
        return
    stop = threading.Event()
    previous = signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGTERM, previous)


def check_same(config: TrainConfig, state: dict[str, str]) -> None:
    """Checks that all processes of a run are about to do the same.

    Args:
        config: The run.
        state: What else must be the same, by how an error calls it.

    Raises:
        ConfigError: They are not; names what differs.
    """
    if config.devices.num_processes == 1:
        return
    from jax.experimental import multihost_utils

    same_anywhere = dataclasses.replace(
        config,
        model_dir="any",
        data=dataclasses.replace(config.data, data_dir="any"),
        devices=dataclasses.replace(config.devices, process_id=0),
    )
    parts = {"flags": repr(same_anywhere)} | state
    digests = b"".join(
        hashlib.sha256(text.encode()).digest() for text in parts.values()
    )
    table = np.frombuffer(digests, np.uint8).reshape(len(parts), -1)
    gathered = multihost_utils.process_allgather(table)
    for process, others in enumerate(gathered):
        for name, own, other in zip(parts, gathered[0], others, strict=True):
            if not np.array_equal(own, other):
                raise ConfigError(
                    f"process {process} has other {name} than process 0; give "
                    "all processes the same flags, --data_dir and --model_dir"
                )


@contextlib.contextmanager
def _connected(options: DevicesConfig) -> Iterator[IsStopped]:
    import jax
    from jax.experimental import multihost_utils

    try:
        jax.distributed.initialize(
            options.coordinator,
            options.num_processes,
            options.process_id,
            initialization_timeout=MEETING_SECONDS,
            heartbeat_timeout_seconds=HEARTBEAT_SECONDS,
        )
    except (RuntimeError, OSError) as error:
        raise ProcessesError(
            f"process {options.process_id} met no {options.num_processes} "
            f"processes at --coordinator={options.coordinator} ({error})"
        ) from error
    count = itertools.count()
    told = threading.Event()

    def is_stopped() -> bool:
        # JAX listens for SIGTERM, wherever it arrives, and chooses the call.
        if multihost_utils.reached_preemption_sync_point(next(count)):
            told.set()
        return told.is_set()

    try:
        with contextlib.ExitStack() as stack:
            if not options.is_first:
                silence = stack.enter_context(open(os.devnull, "w"))
                stack.enter_context(contextlib.redirect_stdout(silence))
            yield is_stopped
    except BaseException as error:
        # JAX would wait for the others at the exit; ended, they notice.
        atexit.register(_end_at_once)
        if _LOST.search(str(error)):
            raise ProcessesError(
                f"process {options.process_id} lost another one ({error}); "
                "start all again to go on from the last checkpoint"
            ) from error
        raise


def _end_at_once() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)
