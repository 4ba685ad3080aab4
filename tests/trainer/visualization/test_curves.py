import math
import re

import pytest

from trainer.visualization import curves
from trainer.visualization.curves import Curve

LINES = "<polyline points='([^']+)'[^/]*/></g>"  # not those of the keys
FALLING = [1 / epoch for epoch in range(1, 61)]
RISING = [0.7 - 0.6 * 0.9**epoch for epoch in range(60)]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ([[50, 1.25, 1]], (1, 1.25)),
        ([[50, *[2, 1.5, 1.25, 1] * 4]], (1, 2)),
        # Each of two runs has an odd first value.
        ([[50, 3, 2, 1, 1], [48, 3, 2, 1, 1]], (1, 3)),
        ([[0.02, *[0.5, 0.52, 0.55] * 4]], (0.5, 0.55)),
        ([[math.nan, 2, math.inf, 1]], (1, 2)),
    ],
)
def test_odd_values_do_not_flatten_the_rest(lines, wanted):
    assert curves.limits(lines) == wanted


@pytest.mark.parametrize(
    "line",
    [FALLING[:12], RISING, [0.1, 0.5, 0.55], [3, 1], [2], [1, 1, 1, 9]],
)
def test_curves_as_trainings_draw_them_are_shown_whole(line):
    assert curves.limits([line]) == (min(line), max(line))


def test_many_high_values_are_no_odd_ones():
    low, high = [1.0, 1.1] * 6, [80.0, 81.0] * 6
    assert curves.limits([low, high]) == (1, 81)


def test_what_lies_beyond_the_scale_is_marked_with_its_value():
    ys = [50, *[2, 1.5, 1.25, 1] * 4]
    text = curves.draw("Loss", [Curve("a", range(17), ys, 0)], "step")
    assert text.count("class=mark") == 1
    assert ">50</text>" in text
    [points] = re.findall(LINES, text)
    heights = [float(point.partition(",")[2]) for point in points.split()]
    assert heights[0] == min(heights) == 14
    assert max(heights) - heights[1] > 150  # of 172 pixels
    low = curves.draw(
        "IoU", [Curve("a", range(13), [9 - y for y in ys[:13]], 0)], ""
    )
    assert low.count("class=mark") == 1 and ">-41</text>" in low


def test_numbers_of_values_that_lie_together_stand_apart():
    ys = [2, 1.5, 1.25, 1] * 4
    lines = [Curve(str(n), range(17), [50 + n, *ys], n) for n in range(3)]
    text = curves.draw("Loss", lines, "step")
    places = re.findall(r"y='([\d.]+)' text-anchor='start'>5[012]<", text)
    assert [float(place) for place in places] == [25, 39, 53]


def test_places_are_those_of_the_x_axis():
    short = Curve("short", [10, 20], [0, 1], 0)
    longer = Curve("long", [10, 50, 90], [0, 1, math.nan], 1)
    text = curves.draw("Loss", [short, longer], "step")
    first, second = re.findall(LINES, text)
    xs = [float(point.partition(",")[0]) for point in first.split()]
    assert xs == [66, 101]  # 10 of 80 steps, from 66 to 346
    assert len(second.split()) == 2
    assert ">10</text>" in text and ">step 90</text>" in text


def test_one_value_is_a_dot_and_none_draws_nothing():
    text = curves.draw("Loss", [Curve("<a>", [1], [2], 0)], "step")
    assert "<circle" in text and "&lt;a&gt;" in text and "<a>" not in text
    assert curves.draw("Loss", [Curve("a", [1], [math.nan], 0)], "step") == ""


def test_a_value_that_is_not_finite_leaves_a_gap():
    ys = [1, 2, math.nan, 3, math.inf, 2, 1]
    text = curves.draw("Loss", [Curve("a", range(7), ys, 0)], "step", False)
    lines = re.findall("<polyline points='([^']+)'", text)
    dots = re.findall("<circle cx='([^']+)'", text)
    xs = [[p.partition(",")[0] for p in line.split()] for line in lines]
    assert xs == [["66.0", "112.7"], ["299.3", "346.0"]]
    assert dots == ["206.0"]


def test_many_lines_look_different():
    xs, ys = [1, 2], [1, 2]
    text = curves.draw(
        "Loss", [Curve(str(n), xs, ys, n) for n in range(20)], "step"
    )
    looks = re.findall(r"color:var\((--series-\d)\)'><title>.*?/>", text)
    dashes = re.findall("points='[^']+'( stroke-dash[^/]+)?/></g>", text)
    assert len(set(zip(looks, dashes, strict=True))) == 20


@pytest.mark.parametrize("bounds", [(0, 1), (0.513, 0.528), (-3, 1e6), (7, 8)])
def test_ticks_are_round_and_few(bounds):
    ticks = curves._ticks(*bounds)
    assert 2 <= len(ticks) <= 6
    assert bounds[0] <= ticks[0] and ticks[-1] <= bounds[1]
    assert all(len(f"{tick:.6g}") <= 7 for tick in ticks)
