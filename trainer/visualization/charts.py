"""Figures of the report, as HTML without any script."""

import html
from collections.abc import Mapping

import numpy as np

from schemas.labels.table import LabelSpace

_MOST_OPAQUE = 0.8
"""Of a cell's blue: what is written on it is still read."""

_BARS_HEAD = (
    "<li class=head><span>Class</span><i>"
    + "".join(f"<span>{share}</span>" for share in range(0, 100, 20))
    + "<span>100 %</span></i><span>IoU</span></li>"
)


def class_bars(scores: Mapping[str, float | None], space: LabelSpace) -> str:
    """Draws a bar in each class's colour.

    Args:
        scores: Class name → IoU in [0, 1]; None where it is not defined.
        space: The classes.
    """
    rows = []
    colors = {row.name: row.color for row in space.classes}
    for name, score in scores.items():
        if score is None:
            continue
        color = "#{:02x}{:02x}{:02x}".format(*colors[name])
        rows.append(
            f"<li><span>{html.escape(name)}</span><i><b style='"
            f"width:{100 * score:.2f}%;background:{color}'></b></i>"
            f"<span>{100 * score:.2f}</span></li>"
        )
    return f"<ol class=bars>{_BARS_HEAD}{''.join(rows)}</ol>"


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
