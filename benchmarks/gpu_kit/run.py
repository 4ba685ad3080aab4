"""Runs the kit's stages, each in a process of its own, each to its limit.

    ./run.sh [--small] [--results=DIR] [--stages=a,b,c,d,e] [--patience=N]

A stage that fails or takes too long does not stop the others, and what it had
shown by then stays.  The results are written after every stage.
"""

import argparse
import dataclasses
import importlib.util
import os
import signal
import subprocess
import sys
import time
from typing import Any

from benchmarks.gpu_kit import results, stage

_TOTAL_SECONDS = 480
_MODULES = "benchmarks.gpu_kit.stages."


@dataclasses.dataclass(frozen=True)
class Stage:
    """A stage.

    Attributes:
        title: What it shows.
        module: The module of this package that runs it.
        seconds: Its limit; None takes what the others leave.
        small_seconds: Its limit where it is small, on two cores.
    """

    title: str
    module: str
    seconds: int | None
    small_seconds: int


STAGES = {
    "a": Stage("The card and its limits", "card", 40, 30),
    "b": Stage("Right, and it learns", "correctness", 150, 120),
    "c": Stage("The step", "steps", None, 150),
    "d": Stage("Several GPUs", "several", 60, 90),
    "e": Stage("A training with everything on", "training", 110, 90),
}


def main() -> int:
    """Runs the stages; returns 1 where something is not as it has to be."""
    flags = _parse_flags()
    os.makedirs(flags.results, exist_ok=True)
    work_dir = os.path.join(flags.kit_dir, "work")
    os.makedirs(os.path.join(work_dir, "tmp"), exist_ok=True)
    content = results.find_machine(flags.small)
    limits = limits_of(flags.small, len(content["gpus"]))
    results.write(flags.results, content)
    for key in flags.stages.split(","):
        part = STAGES[key]
        limit = limits[key] * flags.patience
        print(f"{key}. {part.title}: up to {limit:.0f} s", flush=True)
        command = (
            *(sys.executable, "-m", f"{_MODULES}{part.module}"),
            f"--data_dir={os.path.join(flags.kit_dir, 'records')}",
            f"--work_dir={work_dir}",
            f"--results={os.path.join(flags.results, results.JSON_NAME)}",
            f"--seconds={limit}",
            *(["--small"] if flags.small else []),
        )
        log_path = os.path.join(flags.results, f"{key}.log")
        env = os.environ | environment(work_dir, flags.small)
        told = run_stage(command, limit, log_path, env)
        content["stages"][key] = {"title": part.title} | told
        results.write(flags.results, content)
        print(f"   {told['status']}, {told['seconds']:.0f} s", flush=True)
    print(results.table(content))
    return 0 if results.is_right(content) else 1


def run_stage(
    command: tuple[str, ...], limit: float, log_path: str, env: dict[str, str]
) -> dict[str, Any]:
    """Runs a stage to its end or its limit; what it started ends with it.

    Returns:
        Its status, its seconds, its rows.
    """
    out_path = f"{log_path}.rows"
    begin = time.monotonic()
    with open(out_path, "w") as out, open(log_path, "w") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=log,
            env=env,
            start_new_session=True,
        )
        try:
            code = process.wait(limit)
            status = "done" if code == 0 else f"failed with exit code {code}"
        except subprocess.TimeoutExpired:
            status = "ended at its limit"
        finally:
            _end_session(process)
    if status != "done":
        status += f"; see {os.path.basename(log_path)}"
    with open(out_path, encoding="utf-8", errors="replace") as out:
        rows = stage.read_rows(out.read())
    os.remove(out_path)
    return {
        "status": status,
        "seconds": time.monotonic() - begin,
        "limit_seconds": limit,
        "rows": results.to_json(rows),
    }


def limits_of(is_small: bool, num_gpus: int) -> dict[str, float]:
    """Returns each stage's limit in seconds.

    The step gets what the stages leave that have nothing to do here.
    """
    if is_small:
        return {key: part.small_seconds for key, part in STAGES.items()}
    limits = {key: float(part.seconds or 0) for key, part in STAGES.items()}
    left = dict(limits)
    if num_gpus < 2:
        left["d"] = 0
    if importlib.util.find_spec("tensorflow") is None:
        left["e"] = 0
    return limits | {"c": _TOTAL_SECONDS - sum(left.values())}


def environment(work_dir: str, is_small: bool) -> dict[str, str]:
    """Returns the variables that keep all files in the kit's folder."""
    folders = {
        "JAX_COMPILATION_CACHE_DIR": "jax",
        "TORCHINDUCTOR_CACHE_DIR": "inductor",
        "TRITON_CACHE_DIR": "triton",
        "CUDA_CACHE_PATH": "cuda",
        "XDG_CACHE_HOME": "cache",
        "KERAS_HOME": "keras",
        "TMPDIR": "tmp",
    }
    found = {
        name: os.path.join(work_dir, folder) for name, folder in folders.items()
    }
    found |= {
        "KERAS_BACKEND": "jax",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        # Contenders share a card, and take what they need of it.
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.95",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    if is_small:  # Compiles fast, whatever the step then takes.
        found["XLA_FLAGS"] = (
            "--xla_backend_optimization_level=0 "
            "--xla_llvm_disable_expensive_passes=true"
        )
    return found


def _end_session(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _parse_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--kit_dir", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--results", help="their folder")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--small", action="store_true", help="fit for a CPU")
    parser.add_argument(
        "--patience",
        type=float,
        default=1.0,
        help="what limits are multiplied by, for a machine with other work",
    )
    flags = parser.parse_args()
    flags.results = os.path.abspath(
        flags.results or os.path.join(flags.kit_dir, "results")
    )
    unknown = set(flags.stages.split(",")) - set(STAGES)
    if unknown:
        parser.error(
            f"--stages={flags.stages}: the stages are {', '.join(STAGES)}"
        )
    return flags


if __name__ == "__main__":
    sys.exit(main())
