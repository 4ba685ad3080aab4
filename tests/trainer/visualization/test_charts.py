import re

import numpy as np

from schemas.labels.cityscapes import LABEL_IDS
from trainer.visualization import charts


def test_bars_are_as_long_as_their_scores_in_their_colours():
    text = charts.class_bars({"road": 0.5, "sky": None}, LABEL_IDS)
    assert "width:50.00%;background:#804080" in text
    assert "sky" not in text


def test_boundary_scores_stand_beside_the_bars():
    text = charts.class_bars({"road": 0.5}, LABEL_IDS, {"road": 0.25})
    assert "<span>IoU</span><span>Boundary</span>" in text
    assert "<span>50.00</span><span>25.00</span></li>" in text


def test_the_confusion_table_shows_occurring_ids_only():
    counts = np.zeros((34, 34), np.int64)
    counts[7, 7], counts[7, 23], counts[26, 7] = 3, 1, 2
    text = charts.confusion_table(counts, LABEL_IDS)
    assert re.findall("<th>([^<]+)</th>", text)[1:] == ["road", "car"]
    assert re.findall("<th><span>([^<]+)</span>", text) == ["road", "sky"]
    assert "title='road taken for sky'>25</td>" in text
    assert "title='car taken for road'>100</td>" in text
    assert text.endswith(">Never predicted: car</p>")


def test_the_right_ones_of_a_confusion_table_stand_out():
    counts = np.full((34, 34), 1)
    text = charts.confusion_table(counts, LABEL_IDS)
    right = re.findall(
        "class=right [^>]*title='([^']+) taken for ([^']+)'", text
    )
    assert right == [(name, name) for name in LABEL_IDS.class_names]
    assert "Never" not in text
