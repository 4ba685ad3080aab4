"""Sets runs side by side: one page, and one table on the console.

    python -m trainer.compare runs/first runs/second [--output=compare.html]

It reads what trainings and evaluations left in the folders, and nothing else:
flags, curves, scores of each class, the same frames.  Of runs that differ in
their seed alone, mean and spread are printed.
"""

import argparse
import os
from collections.abc import Sequence
from typing import NoReturn

from schemas.failures import FlagError, UserError
from trainer.comparison import console, frames, notes, page, runs
from trainer.storage import files
from trainer.storage import notes as console_notes

_HEAD_BYTES = 1 << 12


class _Parser(argparse.ArgumentParser):
    """Answers what it does not understand with one line."""

    def error(self, message: str) -> NoReturn:
        raise FlagError(f"{message}; see --help")


def run(arguments: Sequence[str] | None) -> None:
    """Runs the command.

    Args:
        arguments: Folders and flags; None: those of the process.

    Raises:
        FlagError: There are fewer than two folders, or one comes twice.
        UserError: A folder is no run's, or --output is somebody's file.
        OSError: A file cannot be read or written.
    """
    folders, output = _parse(arguments)
    _check_output(output)
    compared = runs.open_runs(folders)
    problems = notes.find(compared)
    shown = frames.find(compared, problems)
    for problem in problems:
        console_notes.say(problem)
    print(console.table(compared))
    content = page.render(compared, problems, shown)
    if folder := os.path.dirname(output):
        files.make_folder(folder)
    files.write_text(output, content)
    print(f"\nwrote {output}")


def _parse(arguments: Sequence[str] | None) -> tuple[list[str], str]:
    """Returns the folders and the page's path."""
    parser = _Parser(
        "trainer.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help="a run's folder")
    parser.add_argument(
        "--output",
        default="compare.html",
        metavar="FILE",
        help="the page (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    return list(map(os.path.expanduser, given.runs)), os.path.expanduser(
        given.output
    )


def _check_output(path: str) -> None:
    """Checks that the page replaces nothing but another comparison.

    Raises:
        UserError: It would.
    """
    if files.is_folder(path):
        raise UserError(f"--output={path} is a folder; name a file in it")
    if not files.num_bytes(path):
        return
    with files.open_binary(path) as file:
        head = file.read(_HEAD_BYTES)
    if page.MARK.encode() not in head:
        raise UserError(
            f"--output={path} is there and is no page of this command; name "
            "another file, or move it away"
        )
