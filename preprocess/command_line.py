"""What the small commands share: flags, errors, every core."""

import argparse
import concurrent.futures
import difflib
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn, TypeVar

from preprocess.errors import ConversionError
from preprocess.progress import Progress
from schemas import sizes

_SIDES_PX = (32, 8192)

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

    def parse_flags(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """Parses all flags; an unknown one is answered with the nearest."""
        args, unknown = self.parse_known_args(argv)
        if unknown:
            name = unknown[0].split("=")[0]
            known = list(self._option_string_actions)
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ", see --help"
            self.error(f"unknown flag {name}{hint}")
        return args

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
        size = sizes.parse(text)
    except ValueError:
        size = (0, 0)
    if not all(least <= side <= most for side in size):
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
