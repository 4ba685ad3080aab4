import math
import re

import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS
from tests import browser
from trainer.data.frames import Frame
from trainer.evaluation import report
from trainer.evaluation.best_and_worst import BestAndWorst, draw_frame
from trainer.metrics.calibration import Calibration
from trainer.metrics.scores import Scores

ROAD, SKY = 7, 23
BINS = np.array(
    [[0, 4] * 7 + [9], [0, 3] * 7 + [8], [0, 30_000] * 7 + [589_000]]
)
ROWS = [
    {
        "loss": 1 / epoch,
        "val_loss": 2 / epoch,
        "mean_iou": 0.1,
        "val_mean_iou": math.nan,
        "pixel_accuracy": 0.2,
        "val_pixel_accuracy": 0.3,
    }
    for epoch in (1, 2, 3)
]


def content_of(counts):
    return {
        "split": "val",
        "numFrames": 4,
        "sizes": {"40x60": 4},
        "labelSpace": "label_ids",
        "source": "/a/very/long/path" * 8 + "/<run>/best.keras",
        **Scores(
            counts, LABEL_IDS, np.stack([counts[0], 2 * counts[0]])
        ).to_dict(),
        "calibration": Calibration(BINS).to_dict(),
    }


@pytest.fixture
def page():
    counts = np.ones((34, 34), np.int64)
    counts[ROAD, ROAD] = 5000
    content = content_of(counts)
    extremes = BestAndWorst()
    for number in range(4):
        truth = np.full((40, 60), ROAD, np.uint8)
        predicted = np.full((40, 60), SKY, np.uint8)
        frame = Frame(f"ulm_{number}", np.zeros((40, 60, 3), np.uint8), truth)
        drawn = draw_frame(frame, predicted, number / 4, LABEL_IDS)
        extremes.offer(number / 4, lambda drawn=drawn: drawn)
    return report.render(content, LABEL_IDS, ROWS, extremes)


def test_the_page_needs_nothing_from_outside(page):
    sources = re.findall(r"(?:src|href)='([^']*)'", page)
    assert len(sources) == 1 + 6 * 4
    assert all(source.startswith("data:") for source in sources)
    assert "<script" not in page and "http" not in page


def test_the_page_holds_numbers_and_names(page):
    assert "val, 4 frames at 40x60, label_ids" in page
    assert "&lt;run&gt;" in page and "<run>" not in page
    for name in (
        "mean IoU, 19 of 19 classes",
        "road",
        "motorcycle",
        "polegroup",
    ):
        assert name in page
    assert page.count("</title><polyline") == 5  # one is nan throughout


def test_worst_frames_come_worst_first_and_best_best_first(page):
    names = re.findall(r"<p>(ulm_\d), mean IoU", page)
    assert names == ["ulm_0", "ulm_1", "ulm_2", "ulm_3", "ulm_2", "ulm_1"]


def test_a_run_without_curves_has_none(tmp_path):
    content = content_of(np.zeros((34, 34), np.int64))
    path = report.write(str(tmp_path), content, LABEL_IDS, BestAndWorst())
    assert path == str(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "Loss" not in text and "Training" not in text


def test_classes_that_the_truth_lacks_are_named(tmp_path):
    counts = np.zeros((34, 34), np.int64)
    counts[ROAD, ROAD] = counts[ROAD, SKY] = 1
    page = report.render(content_of(counts), LABEL_IDS, [], BestAndWorst())
    assert "<b>25.00 %</b>mean IoU, 2 of 19 classes<" in page
    assert "<b>50.00 %</b>mean IoU, 1 in the truth<" in page
    assert ">Absent from the truth: sidewalk, building, wall," in page


def test_the_curves_are_those_of_metrics_csv(tmp_path):
    empty = dict.fromkeys(ROWS[0], "")
    lines = [",".join(map(str, row.values())) for row in (*ROWS, empty)]
    text = "\n".join([",".join(ROWS[0]), *lines])
    (tmp_path / "metrics.csv").write_text(text)
    content = content_of(np.ones((34, 34), np.int64))
    report.write(str(tmp_path), content, LABEL_IDS, BestAndWorst())
    gap = dict.fromkeys(ROWS[0], math.nan)
    page = (tmp_path / "report.html").read_text()
    assert page == report.render(
        content, LABEL_IDS, [*ROWS, gap], BestAndWorst()
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("epoch,loss\n1,2\n", "it has no column 'val_loss'"),
        (f"{','.join(ROWS[0])}\n{'high,' * len(ROWS[0])}\n", "'high'"),
        ("\xff", "'utf-8' codec can't decode byte 0xff"),
        (
            f"{','.join(ROWS[0])}\n{'9' * 200_000}\n",
            "field larger than field limit",
        ),
    ],
)
def test_edited_metrics_leave_out_the_curves_alone(
    tmp_path, capsys, text, reason
):
    (tmp_path / "metrics.csv").write_bytes(text.encode("latin-1"))
    content = content_of(np.ones((34, 34), np.int64))
    report.write(str(tmp_path), content, LABEL_IDS, BestAndWorst())
    assert "Confusion" in (tmp_path / "report.html").read_text()
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"note: {tmp_path}/metrics.csv is not as a train")
    assert reason in line


def test_a_browser_loads_every_picture(page, tmp_path):
    loaded = browser.measure(
        tmp_path, page, "[...doc.images].map((i) => i.naturalWidth > 0)"
    )
    assert loaded == [True] * 24


def test_a_phone_shows_it_without_scrolling_sideways(page, tmp_path):
    browser.assert_fits_a_phone(tmp_path, page)


@pytest.mark.parametrize("dark", [False, True])
def test_it_is_read_in_light_and_dark(page, tmp_path, dark):
    browser.assert_readable(tmp_path, page, dark)
