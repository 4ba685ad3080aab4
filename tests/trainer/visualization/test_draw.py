import numpy as np

from schemas.labels.cityscapes import LABEL_IDS
from trainer.visualization import draw

ROAD, SKY, PARKING = 7, 23, 9


def test_colors_are_the_official_ones():
    colors = draw.colorize(np.array([[ROAD, SKY]], np.uint8), LABEL_IDS)
    assert colors.tolist() == [[[128, 64, 128], [70, 130, 180]]]


def test_an_overlay_keeps_the_picture_above_its_legend():
    image = np.full((40, 200, 3), 100, np.uint8)
    ids = np.full((40, 200), ROAD, np.uint8)
    result = draw.overlay_with_legend(image, ids, LABEL_IDS)
    assert result.shape[0] > 40 and result.shape[1:] == (200, 3)
    assert (result[:40] == [114, 82, 114]).all()


def test_the_legend_shows_the_classes_that_occur_only():
    ids = np.full((40, 200), ROAD, np.uint8)
    ids[:10] = SKY
    legend = draw.draw_legend(ids, 200, LABEL_IDS)
    colors = {tuple(color) for color in legend.reshape(-1, 3).tolist()}
    assert {(128, 64, 128), (70, 130, 180)} <= colors
    assert (244, 35, 232) not in colors


def test_a_narrow_legend_grows_downwards():
    ids = np.arange(34, dtype=np.uint8)[None]
    narrow = draw.draw_legend(ids, 120, LABEL_IDS)
    wide = draw.draw_legend(ids, 1200, LABEL_IDS)
    assert narrow.shape[0] > wide.shape[0]
    assert narrow.shape[1] == 120 and wide.shape[1] == 1200


def test_an_error_map_tells_wrong_from_ignored():
    image = np.full((1, 3, 3), 100, np.uint8)
    truth = np.array([[ROAD, ROAD, PARKING]], np.uint8)
    predicted = np.array([[ROAD, SKY, SKY]], np.uint8)
    assert draw.error_map(image, truth, predicted, LABEL_IDS).tolist() == [
        [[177, 177, 177], [220, 30, 30], [0, 0, 0]]
    ]


def test_a_strip_holds_its_panels_side_by_side():
    red = np.full((30, 90, 3), (255, 0, 0), np.uint8)
    blue = np.full((30, 90, 3), (0, 0, 255), np.uint8)
    result = draw.strip({"image": red, "truth": blue})
    assert result.shape[1] == 90 + 4 + 90
    assert (result[-30:, :90] == (255, 0, 0)).all()
    assert (result[-30:, 94:] == (0, 0, 255)).all()
