import numpy as np

from schemas.labels.cityscapes import LABEL_IDS
from trainer.evaluation.results import FrameResult, Results, compare
from trainer.metrics.calibration import NUM_BINS

ROAD, SKY, CAR = 7, 23, 26


def frame(name, truth, predicted, confidence=None) -> FrameResult:
    truth, predicted = np.uint8([truth]), np.uint8([predicted])
    if confidence is not None:
        confidence = np.uint16([confidence])
    return compare(name, truth, predicted, LABEL_IDS, confidence)


def test_frames_are_summed_up_as_they_come():
    results = Results(LABEL_IDS)
    results.add(frame("a", [ROAD, ROAD, SKY], [ROAD, SKY, SKY], [65535] * 3))
    results.add(frame("b", [ROAD, CAR], [ROAD, CAR], [65535, 1]))
    expected = np.zeros((34, 34), np.int64)
    expected[ROAD, ROAD] = 2
    expected[ROAD, SKY] = expected[SKY, SKY] = expected[CAR, CAR] = 1
    np.testing.assert_array_equal(results.counts, expected)
    bins = np.zeros((3, NUM_BINS), np.int64)
    bins[:, 0] = [1, 1, 1]
    bins[:, -1] = [4, 3, 4 * 65535]
    np.testing.assert_array_equal(results.confidence, bins)


def test_of_a_frame_its_scores_and_shares_are_kept():
    results = Results(LABEL_IDS)
    results.add(frame("a", [ROAD, ROAD, SKY, 0], [ROAD, SKY, SKY, ROAD]))
    [kept] = results.frames
    assert (kept.name, kept.size) == ("a", (1, 4))
    # IoU: road 1 of 2, sky 1 of 2; the pixel of id 0 counts nowhere.
    assert kept.mean_iou == 0.5
    assert kept.pixel_accuracy == 2 / 3
    assert {i: kept.pixels[i] for i in np.flatnonzero(kept.pixels)} == {
        0: 1, ROAD: 2, SKY: 1
    }  # fmt: skip
    kept_bytes = sum(
        value.nbytes
        for value in vars(kept).values()
        if hasattr(value, "nbytes")
    )
    assert kept_bytes == 34 * 8
