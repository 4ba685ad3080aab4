import re

import numpy as np

from trainer.metrics.calibration import NUM_BINS, SURE, Calibration
from trainer.visualization import reliability


def test_bars_are_as_high_as_accuracy_and_share():
    counts = np.zeros((3, NUM_BINS), int)
    counts[:, 9] = 30, 15, 30 * 0.65 * SURE
    counts[:, 14] = 10, 10, 10 * SURE
    text = reliability.draw(Calibration(counts).to_dict()["bins"])
    heights = [
        float(h) for h in re.findall("<rect [^>]*height='([^']*)'", text)
    ]
    full = 186
    assert heights == [full / 2, full, 0.75 * full, 0.25 * full]
    # From accuracy to mean confidence, 15 % of the height above it.
    ((x, top, same, bottom),) = re.findall(
        "<polyline points='([^,]*),([^ ]*) ([^,]*),([^']*)'/><circle", text
    )[:1]
    assert x == same
    assert abs(float(top) - float(bottom) - 0.15 * full) < 0.11
