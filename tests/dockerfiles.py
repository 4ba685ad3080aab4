"""Reads Dockerfiles, and does what they say in a folder and an environment."""

import os
import pathlib
import re
import subprocess

from tests import commands


def instructions(name: str) -> list[tuple[str, str]]:
    """Returns a Dockerfile's instructions, its arguments' defaults put in."""
    defaults: dict[str, str] = {}
    found = []
    for line in (commands.ROOT / name).read_text().splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "ARG":
            argument, _, default = rest.partition("=")
            defaults[argument] = default
        elif instruction.isupper():
            rest = re.sub(r"\$\{(\w+)\}", lambda m: defaults[m[1]], rest)
            found.append((instruction, rest))
    return found


def build(name: str, folder: pathlib.Path, python: pathlib.Path) -> None:
    """Runs COPY into a folder, and RUN there with an environment's Python."""
    path = f"{python.parent}:{os.environ['PATH']}"
    folder.mkdir()
    for instruction, rest in instructions(name):
        if instruction == "COPY":
            *names, target = rest.split()
            command = ["cp", "-r", *names, str(folder / target)]
            subprocess.run(command, cwd=commands.ROOT, check=True)
        elif instruction == "RUN":
            subprocess.run(
                ["sh", "-c", rest],
                cwd=folder,
                env=os.environ | {"PATH": path},
                check=True,
            )
