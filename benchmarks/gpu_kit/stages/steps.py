"""Stage c: the step; the recipe's, ours and PyTorch's on one card.

Each contender is a process that lives through all rounds; they compile one
after the other, so that none disturbs another's choice of kernels, and step in
turns.  What ran out of memory beside others runs again alone.
"""

import argparse
import json
import os
import statistics

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stage import Row
from benchmarks.gpu_kit.stages import card, profiled
from benchmarks.gpu_kit.stages.contenders import (
    OURS,
    RECIPE,
    TORCH,
    Contender,
    waves,
)
from benchmarks.gpu_kit.stages.served import Ended, Figures, Served

_NUM_ROUNDS = 3
_TOO_LATE = "time was up"
_ROOM = (0.88, 0.7)
"""Of the card's memory: what the largest batch may take, at a second try."""

_GOALS = (
    ("speed of ours over the recipe's", OURS, RECIPE, 2.5),
    ("speed of ours over PyTorch's", OURS, TORCH, 1.0),
)
_MAX_MEMORY = 0.5
_MIN_SHARE = 0.4


class Measurement:
    """Runs contenders and keeps what they have shown."""

    def __init__(self, flags: argparse.Namespace):
        """Takes the stage's flags; reads the card's limit of stage a."""
        self._work_dir = flags.work_dir
        with open(flags.results, encoding="utf-8") as file:
            content = json.load(file)
        rows = map(
            stage.from_json, content["stages"].get("a", {"rows": ()})["rows"]
        )
        limits = [row.median for row in rows if row.name == card.LIMIT]
        self._limit = limits[0] * 1e12 if limits and limits[0] else None
        self.memory_mb = min(
            (gpu["memory_mb"] for gpu in content["gpus"]), default=None
        )
        self.rounds: dict[str, list[Figures]] = {}
        """Row name → its rounds."""

    def run(self, wave: list[Contender]) -> None:
        """Measures contenders in turns, and emits a row each."""
        running: dict[Contender, Served] = {}
        starved = []
        for contender in wave:
            if contender.not_here:
                stage.absent(contender.name, contender.not_here)
                continue
            log_path = os.path.join(self._work_dir, f"{contender.name}.log")
            running[contender] = Served(contender.command, log_path)
            stage.absent(contender.name, _TOO_LATE)
        for number in range(1 + _NUM_ROUNDS):  # the first compiles
            for contender in list(running)[:: -1 if number % 2 else 1]:
                try:
                    if number == 0:
                        running[contender].round()
                    figures = running[contender].round()
                except Ended as error:
                    running.pop(contender).close()
                    is_right = None if error.is_memory else False
                    stage.absent(contender.name, str(error), is_right)
                    if error.is_memory and len(wave) > 1:
                        starved.append(contender)
                    continue
                if number:
                    self.rounds.setdefault(contender.name, []).append(figures)
                    self._emit(contender, self.rounds[contender.name])
                else:
                    self._emit(contender, [figures], "one round, by itself")
        for served in running.values():
            served.close()
        for contender in starved:
            self.run([contender])

    def largest(self, contender: Contender) -> None:
        """Measures a contender with the largest batch that fits."""
        known = self.rounds.get(contender.name)
        if not known:
            return
        # Without a card, a batch of twice the size stands for it.
        room_mb = self.memory_mb or 2 * known[-1].peak_mb
        for share in _ROOM if self.memory_mb else (1.0,):
            larger = contender.largest(known[-1].peak_mb, share * room_mb)
            if larger.batch_size <= contender.batch_size:
                return
            self.run([larger])
            if larger.name in self.rounds:
                return

    def _emit(
        self, contender: Contender, rounds: list[Figures], note: str = ""
    ) -> None:
        """Emits what a contender has shown so far."""
        stage.emit(
            Row(
                contender.name,
                "images/s",
                tuple(figures.rate for figures in rounds),
                max(figures.peak_mb for figures in rounds),
                self.share(contender, rounds),
                note=note,
            )
        )

    def share(
        self, contender: Contender, rounds: list[Figures]
    ) -> float | None:
        """Returns the share of the card's limit, where both are known."""
        rate = statistics.median(figures.rate for figures in rounds)
        work = contender.rate_of_work(rate)
        return work / self._limit if work and self._limit else None


def main() -> None:
    """Measures wave by wave; then the largest batches, then a profile."""
    flags = stage.parse_flags(__doc__)
    measurement = Measurement(flags)
    first, second = waves(flags)
    for contender in (*first, *second):
        stage.absent(contender.name, _TOO_LATE)
    measurement.run(first)
    _judge(measurement, first)
    measurement.run(second)
    profiled.run(flags)
    for contender in first[1:2] if flags.small else first:
        measurement.largest(contender)


def _judge(measurement: Measurement, wave: list[Contender]) -> None:
    """Emits a row a goal; goals are those of a GPU."""
    is_gpu = measurement.memory_mb is not None
    by_who = {contender.who: contender for contender in wave}
    rounds = {
        who: measurement.rounds.get(contender.name, [])
        for who, contender in by_who.items()
    }

    def emit(name: str, unit: str, values: list[float], is_right: bool) -> None:
        stage.emit(
            Row(
                f"goal: {name}",
                unit,
                tuple(values),
                is_right=is_right if is_gpu and values else None,
                note="" if is_gpu else "not judged: no GPU",
            )
        )

    for name, above, below, wanted in _GOALS:
        ratios = [
            one.rate / other.rate
            for one, other in zip(rounds[above], rounds[below], strict=False)
        ]
        is_right = bool(ratios) and statistics.median(ratios) >= wanted
        emit(name, f"at least {wanted}", ratios, is_right)
    ours, recipe = rounds[OURS], rounds[RECIPE]
    if ours and recipe:
        memory = ours[-1].peak_mb / recipe[-1].peak_mb
        emit(
            "memory of ours over the recipe's",
            f"at most {_MAX_MEMORY}",
            [memory],
            memory <= _MAX_MEMORY,
        )
    share = measurement.share(by_who[OURS], ours) if ours else None
    if share is not None:
        emit(
            "share of the card's limit",
            f"at least {_MIN_SHARE}",
            [share],
            share >= _MIN_SHARE,
        )


if __name__ == "__main__":
    main()
