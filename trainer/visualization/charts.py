"""Figures of the report, as HTML and SVG text without any script."""

import html
from collections.abc import Mapping, Sequence

import numpy as np

from schemas.labels.table import LabelSpace

_WIDTH, _HEIGHT, _MARGIN = 360, 200, 36
_COLORS = ("#1f6feb", "#d1570c")


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
            f"<tr><th>{html.escape(name)}</th><td class=bar><div style='"
            f"width:{100 * score:.2f}%;background:{color}'></div></td>"
            f"<td>{100 * score:.2f}</td></tr>"
        )
    return f"<table class=bars>{''.join(rows)}</table>"


def confusion_table(counts: np.ndarray, space: LabelSpace) -> str:
    """Draws the confusion matrix of the ids that occur.

    Args:
        counts: (C, C) integers over the space's ids, rows truth.
        space: The classes.
    """
    occurring = np.flatnonzero(counts.sum(0) + counts.sum(1))
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    names = space.class_names
    head = "".join(
        f"<th><span>{html.escape(names[column])}</span></th>"
        for column in occurring
    )
    rows = []
    for row in occurring:
        cells = "".join(
            f"<td style='background:rgba(31,111,235,{share:.3f})' title='"
            f"{html.escape(names[row])} taken for "
            f"{html.escape(names[column])}'>{_share(share)}</td>"
            for column, share in zip(
                occurring, shares[row, occurring], strict=True
            )
        )
        rows.append(f"<tr><th>{html.escape(names[row])}</th>{cells}</tr>")
    return (
        "<div class=scroll><table class=matrix><tr><th>truth \\ prediction"
        f"</th>{head}</tr>{''.join(rows)}</table></div>"
    )


def curves(title: str, lines: Mapping[str, Sequence[float]]) -> str:
    """Draws one value a epoch for each of up to two lines.

    Args:
        title: The figure's title.
        lines: Legend → values, one an epoch; nan leaves a gap.
    """
    values = np.array([list(line) for line in lines.values()], float)
    defined = values[np.isfinite(values)]
    if not defined.size:
        return ""
    top = float(defined.max()) or 1.0
    num_epochs = values.shape[1]
    step = (_WIDTH - 2 * _MARGIN) / max(num_epochs - 1, 1)
    height = _HEIGHT - 2 * _MARGIN
    parts = []
    for place, (name, line) in enumerate(zip(lines, values, strict=True)):
        points = " ".join(
            f"{_MARGIN + epoch * step:.1f},"
            f"{_HEIGHT - _MARGIN - height * value / top:.1f}"
            for epoch, value in enumerate(line)
            if np.isfinite(value)
        )
        color = _COLORS[place % len(_COLORS)]
        parts.append(
            f"<polyline points='{points}' stroke='{color}'/>"
            f"<text x='{_MARGIN + 110 * place}' y='16' fill='{color}'>"
            f"{html.escape(name)}</text>"
        )
    bottom = _HEIGHT - _MARGIN
    axes = (
        f"<path d='M{_MARGIN} {_MARGIN}V{bottom}H{_WIDTH - _MARGIN}'/>"
        f"<text x='2' y='{_MARGIN}'>{top:.3g}</text>"
        f"<text x='2' y='{bottom}'>0</text>"
        f"<text x='{_WIDTH - _MARGIN}' y='{_HEIGHT - 12}' "
        f"text-anchor='end'>epoch {num_epochs}</text>"
    )
    return (
        f"<figure><figcaption>{html.escape(title)}</figcaption>"
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' "
        f"aria-label='{html.escape(title)}'>{axes}{''.join(parts)}</svg>"
        "</figure>"
    )


def _share(share: float) -> str:
    """Renders a share in percent; nothing where it rounds to nothing."""
    return f"{100 * share:.0f}" if share >= 0.005 else ""
