"""RUN/report.html: one page that needs no other file and no network."""

import csv
import html
import io
from collections.abc import Mapping, Sequence

import numpy as np

from schemas.labels.table import LabelSpace
from trainer.config import run_dir
from trainer.evaluation.best_and_worst import BestAndWorst, DrawnFrame
from trainer.storage import files, notes
from trainer.visualization import charts

_CURVES = {
    "Loss": {"train": "loss", "validation": "val_loss"},
    "Mean IoU": {"train": "mean_iou", "validation": "val_mean_iou"},
    "Pixel accuracy": {
        "train": "pixel_accuracy",
        "validation": "val_pixel_accuracy",
    },
}

_COLUMNS = [column for lines in _CURVES.values() for column in lines.values()]

Row = Mapping[str, float]
"""An epoch: column of metrics.csv → value."""

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1100px;
padding:12px;color:#1f2328;background:#fff}
p{overflow-wrap:anywhere}
h1{font-size:1.5em}h2{font-size:1.2em;margin-top:1.6em}
.tiles,.curves,.panels{display:grid;gap:10px;
grid-template-columns:repeat(auto-fit,minmax(150px,1fr))}
.curves{grid-template-columns:repeat(auto-fit,minmax(280px,1fr))}
.panels{grid-template-columns:repeat(auto-fit,minmax(220px,1fr))}
.tile{border:1px solid #d0d7de;border-radius:6px;padding:8px 12px}
.tile b{display:block;font-size:1.5em}
figure{margin:0}figcaption{font-size:.85em;color:#59636e}
img,svg{width:100%;height:auto;display:block}
svg text{font-size:11px}svg path{stroke:#8c959f;fill:none}
svg polyline{fill:none;stroke-width:2}
.bars{width:100%;border-spacing:0 3px}.bars th{text-align:right;
font-weight:400;white-space:nowrap;padding-right:8px;width:1%}
.bar{background:#f0f2f4}.bar div{height:14px}
.bars td:last-child{width:4em;text-align:right}
.scroll{overflow-x:auto}.matrix{border-collapse:collapse;font-size:11px}
.matrix th{font-weight:400;text-align:right;white-space:nowrap}
.matrix tr:first-child th span{writing-mode:vertical-rl;
transform:rotate(180deg)}
.matrix td{width:26px;height:22px;text-align:center;border:1px solid #eaeef2}
"""


def write(
    model_dir: str, content: dict, space: LabelSpace, extremes: BestAndWorst
) -> str:
    """Writes the report.

    Args:
        model_dir: The run's folder; its metrics.csv gives the curves.
        content: What evaluation.json holds.
        space: The label ids of its classes.
        extremes: The frames to show.

    Returns:
        The page's path.
    """
    rows = _read_rows(files.join(model_dir, run_dir.METRICS))
    path = files.join(model_dir, run_dir.REPORT)
    files.write_text(path, render(content, space, rows, extremes))
    return path


def _read_rows(path: str) -> list[Row]:
    """Reads what the curves need of metrics.csv; nothing where it is broken.

    All has been scored by now: a file that somebody edited must not end it.
    """
    if files.num_bytes(path) is None:
        return []
    try:
        return [
            {column: float(row[column] or "nan") for column in _COLUMNS}
            for row in csv.DictReader(io.StringIO(files.read_text(path)))
        ]
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        notes.say(
            f"{path} is not as a training wrote it ({error!r}); the report "
            "has no training curves"
        )
        return []


def render(
    content: dict,
    space: LabelSpace,
    rows: Sequence[Row],
    extremes: BestAndWorst,
) -> str:
    """Renders the page.

    Args:
        content: What evaluation.json holds.
        space: The label ids of its classes.
        rows: The epochs, none for no curves.
        extremes: The frames to show.
    """
    matrix = np.array(content["confMatrix"])
    context = html.escape(
        f"{content['split']}, {content['numFrames']} frames at "
        f"{', '.join(content['sizes'])}, {content['labelSpace']}; "
        f"{content['source']}"
    )
    sections = [
        f"<h1>Evaluation</h1><p>{context}</p>{_tiles(content)}",
        "<h2>IoU of each evaluated class, in percent</h2>"
        + charts.class_bars(content["classScores"], space),
        _curves(rows),
        "<h2>Confusion, in percent of each true class</h2>"
        + charts.confusion_table(matrix, space),
        "<h2>Worst frames</h2>" + _drawn_frames(extremes.worst()),
        "<h2>Best frames</h2>" + _drawn_frames(extremes.best()),
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        "<link rel=icon href='data:,'><title>Evaluation</title>"
        f"<style>{_STYLE}</style><body>{''.join(sections)}</body></html>\n"
    )


def _tiles(content: dict) -> str:
    tiles = "".join(
        f"<div class=tile><b>{_percent(value)}</b>{html.escape(name)}</div>"
        for name, value in content["means"].items()
    )
    absent = ", ".join(content["inTruth"]["absentClasses"])
    note = f"<p>Absent from the truth: {html.escape(absent)}</p>"
    return f"<div class=tiles>{tiles}</div>{note if absent else ''}"


def _curves(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    figures = "".join(
        charts.curves(
            title,
            {
                legend: [row[column] for row in rows]
                for legend, column in lines.items()
            },
        )
        for title, lines in _CURVES.items()
    )
    return f"<h2>Training</h2><div class=curves>{figures}</div>"


def _drawn_frames(drawn_frames: Sequence[DrawnFrame]) -> str:
    parts = []
    for drawn in drawn_frames:
        panels = "".join(
            f"<figure><img alt='{html.escape(caption)} of "
            f"{html.escape(drawn.name)}' src='{uri}'>"
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            for caption, uri in drawn.panels.items()
        )
        parts.append(
            f"<p>{html.escape(drawn.name)}, mean IoU "
            f"{_percent(drawn.score)}</p><div class=panels>{panels}</div>"
        )
    return "".join(parts)


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{100 * fraction:.2f} %"
