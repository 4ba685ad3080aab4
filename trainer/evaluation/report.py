"""RUN/report.html: one page that needs no other file and no network."""

import html
from collections.abc import Sequence

import numpy as np

from schemas.labels.table import LabelSpace
from schemas.quantities import counted, percent
from trainer.config import run_dir
from trainer.evaluation.best_and_worst import BestAndWorst, DrawnFrame
from trainer.metrics import history
from trainer.storage import files, notes
from trainer.visualization import charts, curves, page, reliability
from trainer.visualization.curves import Curve

_CURVES = {
    "Loss": {"train": "loss", "validation": "val_loss"},
    "Mean IoU": {"train": "mean_iou", "validation": "val_mean_iou"},
    "Pixel accuracy": {
        "train": "pixel_accuracy",
        "validation": "val_pixel_accuracy",
    },
}

_COLUMNS = [column for lines in _CURVES.values() for column in lines.values()]


def write(
    model_dir: str,
    content: dict,
    space: LabelSpace,
    extremes: BestAndWorst,
    name: str = "",
) -> str:
    """Writes the report.

    Args:
        model_dir: The run's folder; its metrics.csv gives the curves.
        content: What evaluation.json holds.
        space: The label ids of its classes.
        extremes: The frames to show.
        name: The part that the page's name gets; empty for none.

    Returns:
        The page's path.
    """
    rows = _read_rows(files.join(model_dir, run_dir.METRICS))
    path = files.join(model_dir, run_dir.named(run_dir.REPORT, name))
    files.write_text(path, render(content, space, rows, extremes))
    return path


def _read_rows(path: str) -> list[history.Row]:
    """Reads what the curves need of metrics.csv; nothing where it is broken.

    All has been scored by now: a file that somebody edited must not end it.
    """
    try:
        return history.load(path, _COLUMNS, files.read_text)
    except FileNotFoundError:
        return []
    except ValueError as error:
        notes.say(f"{error}; the report has no training curves")
        return []


def render(
    content: dict,
    space: LabelSpace,
    rows: Sequence[history.Row],
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
        f"{content['split']}, {counted(content['numFrames'], 'frame')} at "
        f"{', '.join(content['sizes'])}, {content['labelSpace']}; "
        f"{content['source']}"
    )
    sections = [
        f"<h1>Evaluation</h1><p class=soft>{context}</p>{_tiles(content)}",
        "<h2>IoU of each evaluated class, in percent</h2>"
        + charts.class_bars(
            content["classScores"],
            space,
            content.get("boundaryIoU", {}).get("classScores"),
        ),
        _calibration(content.get("calibration")),
        _curves(rows),
        "<h2>Confusion, in percent of each true class</h2>"
        + charts.confusion_table(matrix, space),
        "<h2>Worst frames</h2>" + _drawn_frames(extremes.worst()),
        "<h2>Best frames</h2>" + _drawn_frames(extremes.best()),
    ]
    return page.render("Evaluation", "".join(sections))


def _tiles(content: dict) -> str:
    tiles = "".join(
        f"<div class='box tile'><b>{percent(value)} %</b>{html.escape(name)}"
        "</div>"
        for name, value in content["means"].items()
    )
    absent = ", ".join(content["inTruth"]["absentClasses"])
    note = f"<p class=soft>Absent from the truth: {html.escape(absent)}</p>"
    return f"<div class=tiles>{tiles}</div>{note if absent else ''}"


def _calibration(content: dict | None) -> str:
    if content is None:
        return ""
    return (
        "<h2>Calibration</h2><p class=soft>Expected calibration error "
        f"{percent(content['expectedCalibrationError'])} %: how far each "
        "bin's accuracy and mean confidence are apart, over the pixels that "
        "count. Bars above the diagonal are of a network that doubts too much, "
        "below it of one that is too sure.</p>"
        f"{reliability.draw(content['bins'])}"
    )


def _curves(rows: Sequence[history.Row]) -> str:
    if not rows:
        return ""
    epochs = range(1, len(rows) + 1)
    figures = "".join(
        curves.draw(
            title,
            [
                Curve(name, epochs, [row[column] for row in rows], series)
                for series, (name, column) in enumerate(lines.items())
            ],
            "epoch",
        )
        for title, lines in _CURVES.items()
    )
    return f"<h2>Training</h2><div class=charts>{figures}</div>"


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
            f"{percent(drawn.score)} %</p><div class=panels>{panels}</div>"
        )
    return "".join(parts)
