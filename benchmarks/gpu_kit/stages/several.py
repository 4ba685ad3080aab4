"""Stage d: several GPUs in one process, and two processes over NCCL.

Without GPUs, two devices that XLA makes of the CPU, and Gloo.
"""

import json
import os
import socket
import subprocess
import sys
from typing import cast

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stage import Row

_TWO_CPUS = "--xla_force_host_platform_device_count=2"
_MAX_OFF = 1e-3


def main() -> None:
    """Compares losses of the same batches, and rates, with one device's."""
    flags = stage.parse_flags(__doc__)
    with open(flags.results, encoding="utf-8") as file:
        gpus = json.load(file)["gpus"]
    if len(gpus) == 1:
        stage.absent("several GPUs", "one GPU is here")
        return
    number = len(gpus) or 2
    shape = [f"--number={number}", f"--data_dir={flags.data_dir}"]
    if flags.small:
        shape.append("--small")
    wanted = _told(_start(shape, "--strategy=single"))
    stage.emit(Row("one device", "images/s", (wanted["rate"],)))
    found = _told(
        _start(shape, "--strategy=auto")
        if gpus
        else _start(
            shape,
            "--strategy=mirrored",
            XLA_FLAGS=f"{os.environ.get('XLA_FLAGS', '')} {_TWO_CPUS}",
        )
    )
    _emit("one process", found, wanted)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        meeting = f"--coordinator=localhost:{free.getsockname()[1]}"
    both = [
        _start(
            shape,
            meeting,
            f"--process_id={process}",
            **({"CUDA_VISIBLE_DEVICES": str(process)} if gpus else {}),
        )
        for process in range(2)
    ]
    found, _ = map(_told, both)
    _emit("two processes", found, wanted)


def _start(shape: list[str], *own: str, **env: str) -> subprocess.Popen:
    module = (sys.executable, "-m", "benchmarks.gpu_kit.stages.shared_step")
    return subprocess.Popen(
        [*module, *shape, *own],
        env=os.environ | env,
        stdout=subprocess.PIPE,
        text=True,
    )


def _told(process: subprocess.Popen) -> dict:
    """Waits for a process, and returns what it printed last."""
    output, _ = process.communicate()
    if process.returncode:
        command = " ".join(cast(list[str], process.args))
        raise SystemExit(f"{command} ended with exit code {process.returncode}")
    return json.loads(output.splitlines()[-1])


def _emit(name: str, found: dict, wanted: dict) -> None:
    """Emits the rate of several devices, and how far their losses are off."""
    pairs = zip(found["losses"], wanted["losses"], strict=True)
    off = max(abs(loss / other - 1) for loss, other in pairs)
    speed_up = found["rate"] / wanted["rate"]
    stage.emit(
        Row(
            f"{name}, {found['devices']} devices",
            "images/s",
            (found["rate"],),
            is_right=off <= _MAX_OFF,
            note=f"{speed_up:.2f} times one device; losses off by {off:.2g}",
        )
    )


if __name__ == "__main__":
    main()
