"""Runs trainer.task as one of several processes, and keeps what it learned.

python -m tests.extra.programs.jax_process OUT.npz --process_id=1 ...
"""

import sys

import numpy as np

from trainer import task
from trainer.engine import build as building


def main(path: str, *flags: str) -> int:
    """Trains, and writes the network's variables after it."""
    steppers = []
    build = building.build_training

    def build_and_keep(*args):
        steppers.append(build(*args))
        return steppers[-1]

    building.build_training = build_and_keep
    code = task.main(["trainer.task", *flags])
    if steppers:
        steppers[0].sync()
        variables = steppers[0].model.variables
        np.savez(path, *(variable.numpy() for variable in variables))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
