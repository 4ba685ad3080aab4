"""The table that the console shows."""

from collections.abc import Sequence

from schemas.failures import printable
from schemas.quantities import percent
from trainer.comparison import differences, scores
from trainer.runs.run import Run

_GAP = "  "
_LONGEST = 28

Table = list[list[str]]
"""Rows of cells; the first row and the first column say what they are."""


def table(runs: Sequence[Run]) -> str:
    """Lays out what differs and the scores, in percent; then the spreads.

    Runs are rows or columns, whichever is narrower.
    """
    rows = [["", *(_short(run.name) for run in runs)]]
    rows += [
        [name, *map(_short, row)]
        for name, row in differences.flags(runs).items()
    ]
    rows.append(["epochs", *(str(len(run.rows)) for run in runs)])
    rows += [
        [f"{name}, %", *map(percent, row)]
        for name, row in scores.rows(runs).items()
    ]
    turned = [list(column) for column in zip(*rows, strict=True)]
    parts = [min(_lay_out(rows), _lay_out(turned), key=_width)]
    for group in differences.seed_groups(runs):
        parts.append(_spreads(group, differences.describe(group, runs)))
    return "\n\n".join(parts)


def _spreads(group: Sequence[Run], what: str) -> str:
    seeds = ", ".join(str(run.config.seed) for run in group)
    head = f"{len(group)} runs that differ in their seed alone ({seeds})"
    rows = [["", "mean", "sd", "min", "max", "n"]]
    rows += [
        [f"{name}, %", *scores.cells(spread)]
        for name, spread in scores.spreads(group).items()
    ]
    return f"{head}{': ' if what else ''}{what}\n{_lay_out(rows)}"


def _lay_out(rows: Table) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        _GAP.join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    return max(map(len, text.splitlines()))


def _short(text: str) -> str:
    """Cuts the beginning off what would make a column wide: a path."""
    text = printable(text)
    return text if len(text) <= _LONGEST else f"…{text[1 - _LONGEST :]}"
