"""A Dataflow worker's place taken on this machine, for tests.

The staged package is installed into an environment of its own, and Beam's
worker pool starts the workers of that environment as a container would.
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

BOOT = """#!/bin/sh
# What the container's boot program does, less the installation.
for argument in "$@"; do
  value="${{argument#*=}}"
  case "$argument" in
    --id=*) export WORKER_ID="$value" ;;
    --control_endpoint=*)
      export CONTROL_API_SERVICE_DESCRIPTOR="url: \\"$value\\"" ;;
    --logging_endpoint=*)
      export LOGGING_API_SERVICE_DESCRIPTOR="url: \\"$value\\"" ;;
  esac
done
export PIPELINE_OPTIONS_FILE={folder}/options.json
export SEMI_PERSISTENT_DIRECTORY={folder}
exec {python} -m apache_beam.runners.worker.sdk_worker_main
"""


def make_image(folder: pathlib.Path, constraints: pathlib.Path) -> pathlib.Path:
    """Makes an environment with what Dataflow's image has; returns its Python.

    That is Beam and its Google packages.
    """
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    pip_install(python, "-c", constraints, "apache-beam[gcp]")
    return python


def pip_install(python: pathlib.Path, *arguments) -> None:
    """Installs into an environment."""
    pip = [python, "-m", "pip", "install", "-q", *arguments]
    subprocess.run(pip, check=True)


@contextlib.contextmanager
def pool(
    folder: pathlib.Path, python: pathlib.Path, options: dict
) -> Iterator[str]:
    """Runs a worker pool of an environment; gives its address.

    Args:
        folder: Holds `staged/`, the files of the staging location.
        python: The environment's Python.
        options: The staged job's options.

    Yields:
        The address for EXTERNAL environments.
    """
    text = json.dumps({"options": _with_integers(options)})
    (folder / "options.json").write_text(text)
    boot = folder / "boot"
    boot.write_text(BOOT.format(folder=folder, python=python))
    boot.chmod(0o755)
    port = _free_port()
    process = subprocess.Popen(
        [
            python,
            "-m",
            "apache_beam.runners.worker.worker_pool_main",
            f"--service_port={port}",
            f"--container_executable={boot}",
        ],
        cwd=folder,  # Not the project: only what is installed may be found.
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )
    try:
        _wait_for(port)
        yield f"localhost:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _with_integers(options: dict) -> dict:
    """Undoes what a template does to whole numbers: it writes 3.0 for 3."""
    return {
        name: int(value) if isinstance(value, float) else value
        for name, value in options.items()
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("localhost", port)).close()
            return
        time.sleep(0.2)
    raise TimeoutError(f"no worker pool on port {port}")
