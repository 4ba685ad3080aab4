import numpy as np

from schemas.labels import named
from schemas.labels.cityscapes import LABEL_IDS
from schemas.labels.rows import Label
from trainer.visualization import draw

ROAD, SKY, PARKING = 7, 23, 9


def test_colors_are_the_official_ones():
    colors = draw.colorize(np.array([[ROAD, SKY]], np.uint8), LABEL_IDS)
    assert colors.tolist() == [[[128, 64, 128], [70, 130, 180]]]


def test_an_overlay_keeps_the_picture_above_its_legend():
    image = np.full((40, 200, 3), 100, np.uint8)
    ids = np.full((40, 200), ROAD, np.uint8)
    classes = LABEL_IDS.classes
    result = draw.overlay_with_legend(image, ids, LABEL_IDS, classes)
    assert result.shape[0] > 40 and result.shape[1:] == (200, 3)
    assert (result[:40] == [114, 82, 114]).all()
    other = draw.overlay_with_legend(image, ids[::-1] * 0, LABEL_IDS, classes)
    np.testing.assert_array_equal(other[40:], result[40:])


def test_the_legend_holds_its_classes_in_their_order():
    rows = [Label(f"c{i}", i, i, "", (250, i, 0)) for i in range(30)]
    legend = draw.draw_legend((400, 300), tuple(rows))
    places = [
        tuple(np.argwhere((legend == row.color).all(-1))[0]) for row in rows
    ]
    assert places == sorted(places)


def test_a_narrow_legend_grows_downwards():
    narrow = draw.draw_legend((40, 120), LABEL_IDS.classes)
    wide = draw.draw_legend((40, 1200), LABEL_IDS.classes)
    assert narrow.shape[0] > wide.shape[0]
    assert narrow.shape[1] == 120 and wide.shape[1] == 1200


def test_a_legend_of_many_classes_takes_a_quarter_of_the_picture():
    classes = named.table("mapillary").classes
    assert draw.draw_legend((1080, 1920), classes).shape[0] <= 270
    few = draw.draw_legend((1080, 1920), classes[:3])
    assert few.shape[0] == 38 + 2 * 4  # one row of letters of 1920 / 60 pixels


def test_a_name_wider_than_the_picture_is_cut_off():
    names = ("n" * 100, "m" * 100)
    rows = [Label(n, i, i, "", (250, 0, i)) for i, n in enumerate(names)]
    long = draw.draw_legend((40, 100), tuple(rows))
    assert long.shape == (2 * 17 + 4, 100, 3)
    assert (long[:, -4:] == 255).all()


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
