r"""Packs the kit: project, wheels, records and run.sh in one archive.

    python -m benchmarks.gpu_kit.pack --output=gpu-kit.tar.gz \
        --camvid_root=TREE --python_version=3.12

Without a tree, scenes are drawn.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

from benchmarks.gpu_kit import wheels

MAX_BYTES = 60 << 20
NUM_FRAMES = 96

_ROOT = pathlib.Path(__file__).parents[2]
_PACKAGES = ("benchmarks", "preprocess", "schemas", "trainer")
_SIZE = "280x280"
_FOLDER = "gpu-kit"


def main() -> int:
    """Writes the archive; returns the exit code."""
    flags = _parse_flags()
    with tempfile.TemporaryDirectory() as scratch:
        kit = pathlib.Path(scratch, _FOLDER)
        _copy_project(kit)
        try:
            wheels.download(kit / "wheels", flags.python_version, _ROOT)
            _write_records(kit / "records", flags.camvid_root, scratch)
        except subprocess.CalledProcessError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        output = pathlib.Path(flags.output)
        output.parent.mkdir(parents=True, exist_ok=True)
        (kit / "python_version").write_text(f"{flags.python_version}\n")
        with tarfile.open(output, "w:gz") as archive:
            archive.add(kit, _FOLDER)
    num_bytes = output.stat().st_size
    print(f"{output}: {num_bytes / (1 << 20):.1f} MiB")
    if num_bytes > MAX_BYTES:
        print(
            f"error: {output} is larger than {MAX_BYTES >> 20} MiB",
            file=sys.stderr,
        )
        return 1
    return 0


def _copy_project(kit: pathlib.Path) -> None:
    """Copies the modules, and run.sh beside them."""
    for package in _PACKAGES:
        shutil.copytree(
            _ROOT / package,
            kit / "project" / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.c"),
        )
    shutil.copy(_ROOT / "LICENSE", kit)
    shutil.copy(pathlib.Path(__file__).parent / "run.sh", kit)


def _write_records(
    records: pathlib.Path, camvid_root: str, scratch: str
) -> None:
    """Converts half of the frames for training, half for evaluation."""
    each = NUM_FRAMES // 2
    tree = camvid_root
    if not tree:
        print(f"no --camvid_root: {NUM_FRAMES} drawn scenes take its place")
        tree = os.path.join(scratch, "scenes")
        _run(
            "preprocess.sample",
            f"--output_dir={tree}",
            f"--num_train={each}",
            f"--num_val={each}",
            "--image_size=360x480",
        )
    _run(
        "preprocess.main",
        f"--cityscapes_root={tree}",
        f"--output_dir={records}",
        f"--image_size={_SIZE}",
        f"--limit={each}",
        "--splits=train,val",
    )


def _run(module: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=_ROOT, check=True
    )


def _parse_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default="dist/gpu-kit.tar.gz")
    parser.add_argument("--camvid_root", default="")
    parser.add_argument("--python_version", default="3.12")
    flags = parser.parse_args()
    if flags.camvid_root:
        flags.camvid_root = os.path.abspath(flags.camvid_root)
    return flags


if __name__ == "__main__":
    sys.exit(main())
