"""Street furniture of a drawn street scene."""

import math

import numpy as np

from preprocess.scenes.canvas import Canvas, Place, Point, rectangle
from preprocess.scenes.light import Color, mix, scale

_METAL: Color = (112, 116, 118)
_STONE: Color = (150, 140, 128)
_SLATS = ((110, 92, 70), (92, 98, 96), (58, 74, 62))
_BINS = ((60, 66, 60), (120, 60, 46), (150, 150, 148))
_SIGNALS = ((240, 60, 44), (246, 190, 50), (70, 226, 130))

_RED, _BLUE, _YELLOW, _WHITE = (
    (200, 38, 40), (36, 84, 158), (238, 190, 44), (236, 234, 226),
)  # fmt: skip
_SIGNS = (
    (24, 0.0, _RED, _WHITE),
    (24, 0.0, _WHITE, _BLUE),
    (3, math.pi / 6, _RED, _WHITE),
    (4, 0.0, _WHITE, _YELLOW),
    (8, math.pi / 8, _WHITE, _RED),
)
"""(corners, turn in radians, rim's colour, face's colour)."""


def lamp_post(canvas: Canvas, rng: np.random.Generator, place: Place) -> None:
    """Paints a street lamp that reaches over the road."""
    x, z = place
    height = rng.uniform(5, 8)
    reach = -math.copysign(1.4, x)
    base = (x, 0.0, z)
    color = scale(_METAL, rng.uniform(0.6, 1.0))
    canvas.billboard(base, rectangle(-0.08, 0, 0.08, height), color, "pole")
    arm = rectangle(0, height - 0.1, reach, height)
    canvas.billboard(base, arm, color, "pole")
    head = rectangle(reach * 0.7, height - 0.2, reach * 1.25, height)
    glow = (255, 226, 160) if canvas.light.evening else scale(color, 1.3)
    canvas.billboard(base, head, glow, "pole")


def traffic_sign(
    canvas: Canvas, rng: np.random.Generator, place: Place
) -> None:
    """Paints a sign on its pole."""
    x, z = place
    height = rng.uniform(2.0, 2.6)
    post = rectangle(-0.04, 0, 0.04, height)
    canvas.billboard((x, 0, z), post, _METAL, "pole")
    center = (x, height + 0.2, z)
    corners, turn, rim, face = _SIGNS[rng.integers(len(_SIGNS))]
    for radius, color in ((0.36, rim), (0.27, face)):
        angles = (math.tau * k / corners + turn for k in range(corners))
        outline = [(radius * math.cos(a), radius * math.sin(a)) for a in angles]
        canvas.billboard(center, outline, color, "traffic sign")
    mark = rectangle(-0.16, -0.04, 0.16, 0.04)
    canvas.billboard(center, mark, mix(rim, (30, 30, 30), 0.2))


def traffic_light(
    canvas: Canvas, rng: np.random.Generator, place: Place
) -> None:
    """Paints a traffic light with one lamp lit."""
    x, z = place
    base: Point = (x, 0.0, z)
    canvas.billboard(base, rectangle(-0.06, 0, 0.06, 3.4), _METAL, "pole")
    box = rectangle(-0.19, 2.4, 0.19, 3.4)
    canvas.billboard(base, box, (30, 34, 34), "traffic light")
    lit = int(rng.integers(3))
    for lamp, color in enumerate(_SIGNALS):
        shown = color if lamp == lit else scale(color, 0.22)
        canvas.disc((x, 3.22 - 0.32 * lamp, z), 0.12, shown, None)


def bin_or_bollard(
    canvas: Canvas, rng: np.random.Generator, place: Place
) -> None:
    """Paints something small that counts as `static` or `dynamic`."""
    x, z = place
    wide, high = rng.uniform(0.15, 0.4), rng.uniform(0.6, 1.1)
    color = _BINS[rng.integers(len(_BINS))]
    name = "static" if rng.random() < 0.7 else "dynamic"
    canvas.billboard((x, 0, z), rectangle(-wide, 0, wide, high), color, name)
    lid = rectangle(-wide, high - 0.12, wide, high)
    canvas.billboard((x, 0, z), lid, scale(color, 1.3))


def fence(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    stretch: tuple[float, float],
) -> None:
    """Paints a slatted fence along the street, from near to far z."""
    near, far = stretch
    height = rng.uniform(1.0, 1.9)
    color = _SLATS[rng.integers(len(_SLATS))]
    canvas.polygon(_upright(x, near, far, (0, height)), color, "fence")
    while near < far:
        width = 0.35 if near < 40 else 1.4
        slat = _upright(x, near, min(far, near + width / 2), (0.1, height))
        canvas.polygon(slat, scale(color, 1.22))
        near += width


def wall(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    stretch: tuple[float, float],
) -> None:
    """Paints a free-standing wall along the street, from near to far z."""
    near, far = stretch
    height = rng.uniform(1.2, 2.4)
    color = scale(_STONE, rng.uniform(0.7, 1.1))
    while near < far:
        end = min(far, near + 4)
        stone = scale(color, rng.uniform(0.93, 1.05))
        canvas.polygon(_upright(x, near, end, (0, height)), stone, "wall")
        coping = _upright(x, near, end, (height - 0.15, height))
        canvas.polygon(coping, scale(stone, 1.15))
        near = end


def _upright(
    x: float, near: float, far: float, heights: tuple[float, float]
) -> list[Point]:
    """Returns the corners of a rectangle along the street."""
    bottom, top = heights
    return [(x, bottom, near), (x, bottom, far), (x, top, far), (x, top, near)]
