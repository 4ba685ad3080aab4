"""The page of a comparison: tables, curves, classes, frames."""

import html
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from schemas.quantities import percent
from trainer.comparison import classes, differences, scores
from trainer.comparison.frames import Shown
from trainer.runs.run import Run
from trainer.visualization import curves
from trainer.visualization import page as pages
from trainer.visualization.curves import Curve

MARK = "<title>Runs compared"
"""How the command knows a page of its own; it stands in the head."""

_CURVES = {
    "Loss on the evaluation split": ("val_loss", 1),
    "Training loss": ("loss", 1),
    "Mean IoU on the evaluation split, %": ("", 100),
    "Mean IoU in training, %": ("mean_iou", 100),
    "Learning rate": ("learning_rate", 1),
}
"""Title → the column, empty for that of the saved models, and a factor."""

_AXES = {"step": "Steps", "epoch": "Epochs"}

_STYLE = """<style>
.table { border-collapse: collapse; font-size: 14px; }
.table th, .table td {
  padding: 4px 18px 4px 0; border-bottom: 1px solid var(--line);
  text-align: right; vertical-align: top; font-variant-numeric: tabular-nums;
}
.table th:first-child {
  position: sticky; left: 0; z-index: 1; background: var(--page);
  text-align: left; font-weight: 400;
}
.table tr:first-child th { font-weight: 600; vertical-align: bottom; }
.table span { display: inline-block; max-width: 210px; }
.table span, .run { overflow-wrap: anywhere; }
.table td span { min-width: 112px; }
.table th span { min-width: 64px; }
.run { font-weight: 600; }
@media (max-width: 620px) {
  .table th:first-child {
    min-width: 104px; max-width: 120px; overflow-wrap: anywhere;
  }
  .table .dots { min-width: 90px; }
  .panels { grid-template-columns: 1fr 1fr; }
  figcaption { flex-wrap: wrap; }
}
.dots { min-width: 170px; }
.dots i {
  position: relative; display: block; height: 16px; margin: 2px 7px 0;
  border-radius: 3px;
  background: var(--track);
}
.dots b {
  position: absolute; top: 2px; width: 12px; height: 12px; margin-left: -6px;
  border-radius: 6px; border: 2px solid var(--box); background: currentColor;
}
.axis { margin-right: 16px; }
.by-epoch, #epoch:checked ~ .by-step { display: none; }
#epoch:checked ~ .by-epoch { display: grid; }
.notes { padding-left: 20px; max-width: 80ch; overflow-wrap: anywhere; }
h3 { margin-top: 24px; overflow-wrap: anywhere; }
</style>"""


def render(
    runs: Sequence[Run], problems: Sequence[str], shown: Iterable[Shown]
) -> str:
    """Renders the page.

    Args:
        runs: The runs.
        problems: What is missing and what does not compare, a line each.
        shown: The frames.
    """
    names = ", ".join(run.name for run in runs)
    sections = [
        f"{_STYLE}<h1>{len(runs)} runs compared</h1>",
        _notes(problems),
        "<h2>Scores</h2><p class=soft>Mean IoU and accuracy in percent.</p>",
        _table(_heads(runs), _score_rows(runs)),
        "<h2>What differs</h2>",
        _flags(runs),
        _spreads(runs),
        _curves(runs),
        _classes(runs),
        _frames(runs, shown),
    ]
    return pages.render(f"Runs compared: {names}", "".join(sections))


def _notes(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    items = "".join(f"<li>{html.escape(problem)}</li>" for problem in problems)
    return f"<h2>Before you compare</h2><ul class=notes>{items}</ul>"


def _heads(runs: Sequence[Run]) -> list[str]:
    return ["", *(name_of(run, number) for number, run in enumerate(runs))]


def name_of(run: Run, number: int) -> str:
    """Renders a run's name in its colour."""
    color, _ = pages.series_style(number)
    return (
        f"<span class=run style='color:{color}' title='"
        f"{html.escape(run.folder)}'>{html.escape(run.name)}</span>"
    )


def _table(heads: Sequence[str], rows: Mapping[str, Sequence[str]]) -> str:
    """Renders a table; heads and cells are HTML, names of rows are text."""
    head = "".join(f"<th>{cell}</th>" for cell in heads)
    body = "".join(
        f"<tr><th>{html.escape(name)}</th>"
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + "</tr>"
        for name, cells in rows.items()
    )
    return (
        f"<div class=scroll><table class=table><tr>{head}</tr>{body}</table>"
        "</div>"
    )


def _score_rows(runs: Sequence[Run]) -> dict[str, list[str]]:
    rows = {
        name: list(map(percent, row)) for name, row in scores.rows(runs).items()
    }
    rows["epochs"] = [f"{len(run.rows)} of {run.config.epochs}" for run in runs]
    rows["steps"] = [
        f"{run.rows[-1]['step']:,.0f}" if run.rows else "-" for run in runs
    ]
    rows["minutes"] = [f"{run.seconds / 60:.1f}" for run in runs]
    return rows


def _flags(runs: Sequence[Run]) -> str:
    rows = differences.flags(runs)
    if not rows:
        return "<p>No flag: the runs have the same ones, the seed included.</p>"
    return _table(
        _heads(runs),
        {
            name if differences.decide(name) else f"{name} (not the result)": [
                f"<span>{html.escape(value)}</span>" for value in row
            ]
            for name, row in rows.items()
        },
    )


def _spreads(runs: Sequence[Run]) -> str:
    parts = []
    for group in differences.seed_groups(runs):
        what = differences.describe(group, runs)
        seeds = ", ".join(str(run.config.seed) for run in group)
        title = html.escape(what or "All alike")
        rows = {
            name: scores.cells(spread)
            for name, spread in scores.spreads(group).items()
        }
        heads = ["", "mean", "sd", "min", "max", "n"]
        parts.append(f"<h3>{title}: seeds {seeds}</h3>{_table(heads, rows)}")
    if not parts:
        return ""
    return (
        "<h2>Over seeds</h2><p class=soft>Runs that differ in their seed "
        "alone, in percent; sd is the sample standard deviation.</p>"
        + "".join(parts)
    )


def _curves(runs: Sequence[Run]) -> str:
    numbered = [(n, run) for n, run in enumerate(runs) if run.rows]
    if not numbered:
        return ""
    parts = [pages.keys([(run.name, n) for n, run in numbered])]
    parts += [
        f"<input type=radio name=axis id={axis}"
        f"{' checked' if axis == 'step' else ''}><label class=axis for={axis}>"
        f" {title}</label>"
        for axis, title in _AXES.items()
    ]
    for axis in _AXES:
        figures = "".join(
            curves.draw(
                title, _lines(numbered, column, factor, axis), axis, False
            )
            for title, (column, factor) in _CURVES.items()
        )
        parts.append(f"<div class='charts by-{axis}'>{figures}</div>")
    return (
        "<h2>Curves</h2><p class=soft>A few odd values do not stretch a scale: "
        "they stand at its edge, with a triangle and their number.</p>"
        + "".join(parts)
    )


def _lines(
    numbered: Sequence[tuple[int, Run]], column: str, factor: float, axis: str
) -> list[Curve]:
    return [
        Curve(
            run.name,
            [row[axis] for row in run.rows],
            [
                factor * value
                for value in (
                    [row[column] for row in run.rows] if column else run.scores
                )
            ],
            number,
        )
        for number, run in numbered
    ]


def _classes(runs: Sequence[Run]) -> str:
    parts = []
    for table in classes.tables(runs):
        numbers = [list(runs).index(run) for run in table.runs]
        heads = ["", "", *(name_of(runs[n], n) for n in numbers)]
        rows = {}
        for name, ious in table.ious.items():
            dots = "".join(
                f"<b style='left:{100 * iou:.1f}%;color:"
                f"{pages.series_style(number)[0]}'></b>"
                for number, iou in zip(numbers, ious, strict=True)
                if iou is not None
            )
            rows[name] = [
                f"<div class=dots><i>{dots}</i></div>",
                *map(percent, ious),
                percent(classes.difference(ious)),
            ]
        heads.append("difference")
        parts.append(
            f"<h3>{html.escape(table.title)}</h3>{_table(heads, rows)}"
        )
    if not parts:
        return ""
    return (
        "<h2>IoU of each class</h2><p class=soft>In percent, those that differ "
        "most first. Bars go from 0 to 100.</p>" + "".join(parts)
    )


def _frames(runs: Sequence[Run], shown: Iterable[Shown]) -> str:
    parts = []
    for frame in shown:
        figures = [
            _figure(caption, frame.title, picture, html.escape(caption))
            for caption, picture in frame.common.items()
        ]
        figures += [
            _figure(
                f"{caption} of {runs[number].name}",
                frame.title,
                picture,
                f"{name_of(runs[number], number)}<span>{caption}</span>",
            )
            for number, caption, picture in frame.of_runs
        ]
        parts.append(
            f"<h3>{html.escape(frame.title)}</h3><div class=panels>"
            f"{''.join(figures)}</div>"
        )
    return f"<h2>The same frames</h2>{''.join(parts)}" if parts else ""


def _figure(words: str, frame: str, picture: np.ndarray, caption: str) -> str:
    """Renders a picture of a frame; the caption is HTML, the rest text."""
    return (
        f"<figure><img alt='{html.escape(words)}: {html.escape(frame)}' "
        f"src='{pages.data_uri(picture)}'><figcaption>{caption}</figcaption>"
        "</figure>"
    )
