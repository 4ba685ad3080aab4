"""What the small commands share: flags, errors, every core, a tree."""

import argparse
import concurrent.futures
import json
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, TypeVar

from PIL import Image

from preprocess.errors import ConversionError
from preprocess.options import parse_size
from preprocess.progress import Progress
from schemas.manifest import NATIVE

MARKER = "made_by.json"
"""The file at a written tree's root that says which command made it."""

_KINDS = ("leftImg8bit", "gtFine")
_SIDES_PX = (32, 8192)
_COMPRESS_LEVEL = 2

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


class FlagParser(argparse.ArgumentParser):
    """Takes `--name=value` flags and answers a bad one with one line."""

    def __init__(self, description: str):
        """Takes the command's docstring for --help."""
        super().__init__(
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Prints the message and exits with code 2."""
        self.exit(2, f"error: {message}\n")

    def add_tree_flags(self) -> None:
        """Adds the flags of every command that writes a tree."""
        self.add_argument("--output_dir", required=True, help="new tree's root")
        self.add_argument(
            "--overwrite",
            action="store_true",
            help="replace a tree that such a command made",
        )
        self.add_argument(
            "--workers",
            type=whole(1),
            default=os.cpu_count(),
            metavar="N",
            help="processes (default: all cores)",
        )


def whole(minimum: int) -> Callable[[str], int]:
    """Returns the parser of a whole number that is not below `minimum`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if number < minimum:
            raise argparse.ArgumentTypeError(
                f"{text!r} should be a whole number of {minimum} or more"
            )
        return number

    return parse


def frame_size(text: str) -> tuple[int, int]:
    """Parses a HEIGHTxWIDTH flag into (height, width)."""
    least, most = _SIDES_PX
    try:
        size = parse_size(text)
    except ValueError:
        size = NATIVE
    if size == NATIVE or not all(least <= side <= most for side in size):
        raise argparse.ArgumentTypeError(
            f"{text!r} should be HEIGHTxWIDTH, each side {least} to {most}, "
            "for example 512x1024"
        )
    return size


def exit_code(run: Callable[[], None]) -> int:
    """Runs a command; prints what the user can mend as one line.

    Returns:
        0, or 1 after such an error.
    """
    try:
        run()
    except (ConversionError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except concurrent.futures.BrokenExecutor:
        sys.stderr.write(
            "error: a worker process died, perhaps for lack of memory; "
            "try --workers=1\n"
        )
        return 1
    return 0


def map_frames(
    work: Callable[[_Job], _Result], jobs: Sequence[_Job], num_workers: int
) -> list[_Result]:
    """Does one job a frame in processes of their own, showing progress.

    Args:
        work: A module's function.
        jobs: What it is called with, one at a time.
        num_workers: Processes; with 1 the work is done in this one.

    Returns:
        The results, in the jobs' order.
    """
    results = []
    with Progress() as progress:
        progress.expect(len(jobs))
        for result in _each(work, jobs, min(num_workers, len(jobs))):
            results.append(result)
            progress.advance()
    return results


def _each(work, jobs, num_workers: int) -> Iterator:
    if num_workers < 2:
        yield from map(work, jobs)
        return
    with concurrent.futures.ProcessPoolExecutor(
        num_workers, multiprocessing.get_context("spawn")
    ) as pool:
        yield from pool.map(work, jobs, chunksize=1 + len(jobs) // 64)


def prepare_tree(root: str, options: dict[str, Any], overwrite: bool) -> None:
    """Makes a folder ready for a new Cityscapes tree.

    Args:
        root: The tree's root.
        options: What goes into the marker beside the tree.
        overwrite: Whether to delete a tree that bears a marker.

    Raises:
        ConversionError: There is a tree that may not be replaced.
    """
    marker_path = os.path.join(root, MARKER)
    kinds = [os.path.join(root, kind) for kind in _KINDS]
    full = [path for path in kinds if os.path.isdir(path) and os.listdir(path)]
    if full and not os.path.exists(marker_path):
        raise ConversionError(
            f"{full[0]} holds files that no such command made; "
            "choose another --output_dir"
        )
    if full and not overwrite:
        raise ConversionError(
            f"{full[0]} is not empty; add --overwrite to replace it, or "
            "choose another --output_dir"
        )
    for path in full:
        shutil.rmtree(path)
    os.makedirs(root, exist_ok=True)
    with open(marker_path, "w", encoding="utf-8") as file:
        file.write(json.dumps(options) + "\n")


def write_pair(
    root: str, split: str, stem: str, image: Image.Image, label: Image.Image
) -> None:
    """Writes a picture and its label map under their Cityscapes names.

    Args:
        root: The tree's root.
        split: The split's folder.
        stem: `<city>_<seq>_<frame>`.
        image: 8-bit RGB.
        label: 8-bit grey, labelIds.
    """
    city = stem.rsplit("_", 2)[0]
    suffixes = ("leftImg8bit", "gtFine_labelIds")
    for kind, suffix, picture in zip(
        _KINDS, suffixes, (image, label), strict=True
    ):
        folder = os.path.join(root, kind, split, city)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"{stem}_{suffix}.png")
        picture.save(path, compress_level=_COMPRESS_LEVEL)
