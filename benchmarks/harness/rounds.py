"""Times commands side by side: rounds, medians, ratios.

Each contender runs once a round, in a fresh process; every other round runs
them in the opposite order, so that a machine that grows slower or faster
favours none.  Ratios are taken within a round and then their median.
"""

import dataclasses
import os
import pathlib
import shutil
import statistics
import sys
from collections.abc import Mapping, Sequence
from typing import TypedDict

from benchmarks.harness import process

_BLOCK_BYTES = 1 << 24


@dataclasses.dataclass(frozen=True)
class Contender:
    """A command to time.

    Attributes:
        name: The name of its row.
        unit: What its value counts, for example `pairs/s`.
        command: The program and its arguments; empty if it cannot run here.
        num_items: What it works through: its value is items a second of its
            whole life.  None if its last line of output is the value and,
            where it knows better than its processes' sum, its peak in MiB.
        outputs: Files and folders that are deleted before and after a run.
        inputs: Folders whose files are read before the clock starts, so that
            it finds them cached, whatever ran before it.
        not_measured: Why it cannot run here; stands in the table.
    """

    name: str
    unit: str
    command: tuple[str, ...] = ()
    num_items: int | None = None
    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    not_measured: str = ""


@dataclasses.dataclass(frozen=True)
class Sample:
    """One run's value and its peak memory in MiB, where it is known."""

    value: float
    peak_mb: float | None


class Row(TypedDict):
    """A contender's line of the table; None: not measured."""

    name: str
    unit: str
    median: float | None
    min: float | None
    max: float | None
    peak_mb: float | None


@dataclasses.dataclass(frozen=True)
class Result:
    """A contender with one sample a round; none if it was not measured."""

    contender: Contender
    samples: tuple[Sample, ...]

    def row(self) -> Row:
        """Returns the table's row; its memory is the highest of any round."""
        values = [sample.value for sample in self.samples]
        peaks = [s.peak_mb for s in self.samples if s.peak_mb is not None]
        return {
            "name": self.contender.name,
            "unit": self.contender.unit,
            "median": statistics.median(values) if values else None,
            "min": min(values, default=None),
            "max": max(values, default=None),
            "peak_mb": max(peaks, default=None),
        }


def run_rounds(
    contenders: Sequence[Contender], num_rounds: int
) -> dict[str, Result]:
    """Runs each contender once a round and says on stderr how far it is.

    Returns:
        Contender name → result, in the contenders' order.

    Raises:
        process.CommandError: A contender fails.
    """
    samples: dict[str, list[Sample]] = {c.name: [] for c in contenders}
    runnable = [c for c in contenders if not c.not_measured]
    for number in range(num_rounds):
        for contender in runnable if number % 2 == 0 else runnable[::-1]:
            sample = run_once(contender)
            samples[contender.name].append(sample)
            print(
                f"round {number + 1}/{num_rounds}  {contender.name}: "
                f"{sample.value:.4g} {contender.unit}",
                file=sys.stderr,
            )
    return {c.name: Result(c, tuple(samples[c.name])) for c in contenders}


def run_once(contender: Contender) -> Sample:
    """Runs a contender on a clean floor: no write of another's is pending.

    Raises:
        process.CommandError: It fails, or its last line is no number where
            it should be its value.
    """
    _delete(contender.outputs)
    os.sync()
    _read_all(contender.inputs)
    try:
        finished = process.run(contender.command)
    finally:
        _delete(contender.outputs)
    if contender.num_items is not None:
        return Sample(contender.num_items / finished.seconds, finished.peak_mb)
    value, *peak_mb = _last_numbers(finished.output, contender.name)
    return Sample(value, peak_mb[0] if peak_mb else finished.peak_mb)


def ratio(
    results: Mapping[str, Result], above: str, below: str
) -> float | None:
    """Returns the median over rounds of one contender's value over another's.

    None where either was not measured.
    """
    pairs = zip(results[above].samples, results[below].samples, strict=False)
    ratios = [top.value / bottom.value for top, bottom in pairs]
    return statistics.median(ratios) if ratios else None


def _last_numbers(output: str, name: str) -> list[float]:
    last = (output.split("\n")[:-1] or [""])[-1]
    try:
        return [float(number) for number in last.split() or [last]]
    except ValueError as error:
        raise process.CommandError(
            f"{name}: the last line of output should be a number, is {last!r}"
        ) from error


def _read_all(folders: Sequence[str]) -> None:
    for folder in folders:
        for path in pathlib.Path(folder).rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    while file.read(_BLOCK_BYTES):
                        pass


def _delete(paths: Sequence[str]) -> None:
    for path in paths:
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.remove(path)
