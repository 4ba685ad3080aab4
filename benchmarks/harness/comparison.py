"""A benchmark's course: prepare in a temporary folder, run, print, write."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence

from benchmarks.harness import process, report, rounds
from benchmarks.harness.rounds import Contender, Result


def run(
    flags: argparse.Namespace,
    prepare: Callable[[argparse.Namespace, str], list[Contender]],
    ratios_of: Callable[[Mapping[str, Result]], dict[str, float | None]],
    packages: Sequence[str],
) -> int:
    """Compares contenders and prints table and ratios.

    Args:
        flags: With `rounds`, `json` and `work_dir`.
        prepare: Lays out what they read in the given folder; returns them.
        ratios_of: Results → ratio's name → ratio.
        packages: Distributions whose versions count.

    Returns:
        The exit code: 1 after a contender that failed.
    """
    try:
        with tempfile.TemporaryDirectory(
            prefix="benchmark-", dir=flags.work_dir
        ) as work_dir:
            contenders = prepare(flags, work_dir)
            results = rounds.run_rounds(contenders, flags.rounds)
    except (process.CommandError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    ratios = ratios_of(results)
    print(report.table(results))
    print(report.ratio_lines(ratios))
    if flags.json:
        report.write_json(flags.json, results, ratios, packages)
    return 0
