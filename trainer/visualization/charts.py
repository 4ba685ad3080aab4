"""Figures of the report, as HTML without any script."""

import html
from collections.abc import Iterable, Mapping

import numpy as np

from schemas.labels.table import LabelSpace
from schemas.quantities import percent

_MOST_OPAQUE = 0.8
"""Of a cell's blue: what is written on it is still read."""

_TICKS = "".join(
    f"<span>{share}</span>" for share in (*range(0, 100, 20), "100 %")
)


def class_bars(
    scores: Mapping[str, float | None],
    space: LabelSpace,
    boundary_scores: Mapping[str, float | None] | None = None,
) -> str:
    """Draws a bar in each class's colour.

    Args:
        scores: Class name → IoU in [0, 1]; None where it is not defined.
        space: The classes.
        boundary_scores: The same of the boundary IoU, written beside; None
            for no such column.
    """
    columns = {"IoU": scores}
    if boundary_scores is not None:
        columns["Boundary"] = boundary_scores
    colors = {row.name: row.color for row in space.classes}
    rows = [_bar("Class", _TICKS, columns, " class=head")]
    for name, score in scores.items():
        if score is None:
            continue
        color = "#{:02x}{:02x}{:02x}".format(*colors[name])
        bar = f"<b style='width:{100 * score:.2f}%;background:{color}'></b>"
        numbers = (percent(column[name]) for column in columns.values())
        rows.append(_bar(html.escape(name), bar, numbers))
    return f"<ol class=bars>{''.join(rows)}</ol>"


def _bar(name: str, bar: str, numbers: Iterable[str], kind: str = "") -> str:
    cells = "".join(f"<span>{number}</span>" for number in numbers)
    return f"<li{kind}><span>{name}</span><i>{bar}</i>{cells}</li>"


def confusion_table(counts: np.ndarray, space: LabelSpace) -> str:
    """Draws the confusion matrix of the ids that occur.

    Rows are those of the truth, columns those of the prediction; classes of
    the truth that were never predicted are named below.

    Args:
        counts: (C, C) integers over the space's ids, rows truth.
        space: The classes.
    """
    true_ids, predicted_ids = (
        np.flatnonzero(counts.sum(axis)) for axis in (1, 0)
    )
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    names = [html.escape(name) for name in space.class_names]
    head = "".join(
        f"<th><span>{names[column]}</span></th>" for column in predicted_ids
    )
    rows = []
    for row in true_ids:
        cells = "".join(
            _cell(shares[row, column], names[row], names[column])
            for column in predicted_ids
        )
        rows.append(f"<tr><th>{names[row]}</th>{cells}</tr>")
    missed = ", ".join(
        names[index] for index in true_ids if index not in predicted_ids
    )
    note = f"<p class=soft>Never predicted: {missed}</p>" if missed else ""
    return (
        "<div class=scroll><table class=matrix><tr><th>truth \\ prediction"
        f"</th>{head}</tr>{''.join(rows)}</table></div>{note}"
    )


def _cell(share: float, truth: str, prediction: str) -> str:
    """Renders a cell: a share in percent, none where it rounds to nothing."""
    kind = " class=right" if truth == prediction else ""
    text = f"{100 * share:.0f}" if share >= 0.005 else ""
    return (
        f"<td{kind} style='background:rgba(31,111,235,"
        f"{_MOST_OPAQUE * share:.3f})' title='{truth} taken for {prediction}'>"
        f"{text}</td>"
    )
