"""What the small commands share: flags, errors, every core."""

import argparse
import concurrent.futures
import contextlib
import difflib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NoReturn, TypeVar

from preprocess.errors import ConversionError
from preprocess.progress import Progress
from schemas import failures, sizes
from schemas.manifest import Split
from schemas.quantities import byte_size, counted

_SIDES_PX = (32, 8192)
_MAX_WORKERS_A_CORE = 8
"""More would only wait for one another, even on a slow disk."""

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
        self.exit(
            failures.EXIT_BAD_FLAGS, f"error: {failures.one_line(message)}\n"
        )

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
        self.add_argument(
            "--output_dir", type=folder, required=True, help="new tree's root"
        )
        self.add_argument(
            "--overwrite",
            action="store_true",
            help="replace a tree that such a command made",
        )
        self.add_argument(
            "--workers",
            type=whole(1),
            default=num_cores(),
            metavar="N",
            help="processes (default: all cores)",
        )


def whole(minimum: int, maximum: int = 2**63 - 1) -> Callable[[str], int]:
    """Returns the parser of a whole number within bounds."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if number < minimum:
            raise argparse.ArgumentTypeError(
                f"{text!r} should be a whole number of {minimum} or more"
            )
        if number > maximum:
            raise argparse.ArgumentTypeError(
                f"{text!r} should be a whole number of at most {maximum}"
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


def folder(text: str) -> str:
    """Parses a folder's path: a leading ~ is the user's home."""
    return os.path.expanduser(text)


def num_cores() -> int:
    """Returns how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # macOS has none.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def describe(splits: Collection[Split]) -> str:
    """Says how much splits hold, like `6 records in 1 shard, 2.1 KiB`."""
    num_skipped = sum(split.num_skipped for split in splits)
    return ", ".join(
        (
            f"{counted(sum(s.num_examples for s in splits), 'record')} in "
            f"{counted(sum(len(s.shards) for s in splits), 'shard')}",
            byte_size(sum(s.num_bytes for s in splits)),
            *([f"{num_skipped} skipped"] if num_skipped else []),
        )
    )


def sensible_workers(
    wanted: int, useful: int, say: Callable[[str], None]
) -> int:
    """Returns as many workers as are wanted, or as make sense.

    Args:
        wanted: What the user asked for.
        useful: How many have something to do.
        say: Is told of fewer than the user asked for.
    """
    most = max(1, min(useful, _MAX_WORKERS_A_CORE * num_cores()))
    if wanted > most:
        say(
            f"{counted(most, 'worker')} instead of {wanted}: more would not "
            "help."
        )
    return min(wanted, most)


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
    num_workers = sensible_workers(num_workers, len(jobs), say)
    with Progress() as progress:
        progress.expect(len(jobs))
        for result in _each(work, jobs, num_workers):
            results.append(result)
            progress.advance()
    return results


def say(line: str) -> None:
    """Prints a line that is no result."""
    print(line, file=sys.stderr or sys.stdout)


def _each(
    work: Callable[[_Job], _Result], jobs: Sequence[_Job], num_workers: int
) -> Iterator[_Result]:
    """Yields the results as they come, in the jobs' order.

    Raises:
        ConversionError: A process died.
    """
    if num_workers < 2:
        yield from map(work, jobs)
        return
    spawn = multiprocessing.get_context("spawn")
    try:
        with concurrent.futures.ProcessPoolExecutor(num_workers, spawn) as pool:
            with _sigint_left_to_this_process():
                results = pool.map(work, jobs)
            yield from results
    except concurrent.futures.BrokenExecutor as error:
        raise ConversionError(
            "a worker process died, perhaps for lack of memory; try --workers=1"
        ) from error


@contextlib.contextmanager
def _sigint_left_to_this_process() -> Iterator[None]:
    """Lets processes that are started in the block not hear of Ctrl-C.

    A terminal sends it to all of them; each would print a traceback.  What is
    blocked here stays blocked there, and arrives here after the block.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
