"""People and bicycles of a drawn street scene."""

import math

import numpy as np

from preprocess.scenes.canvas import (
    Canvas,
    Outline,
    Place,
    Point,
    circle,
    flat_rectangle,
    rectangle,
)
from preprocess.scenes.light import Color, mix, scale

_CLOTHES = (
    (42, 48, 66), (70, 70, 74), (124, 40, 44), (58, 84, 60), (160, 150, 136),
    (30, 32, 36), (60, 92, 138), (188, 148, 62), (196, 196, 194),
    (104, 80, 110),
)  # fmt: skip
_SKIN = ((222, 184, 156), (196, 150, 120), (140, 98, 74), (98, 68, 52))
_HAIR: Color = (60, 46, 36)
_SHOES: Color = (34, 30, 28)
_TYRE: Color = (30, 30, 32)
_SADDLE_M = 0.42

_JOINTS = {
    "rear": (-0.52, 0.34),
    "front": (0.52, 0.34),
    "pedal": (-0.1, 0.3),
    "seat": (-0.22, 0.85),
    "head": (0.38, 0.82),
    "bar": (0.36, 1.02),
}
"""Where a bicycle's tubes meet, in metres from its middle."""

_TUBES = (
    ("rear", "seat"), ("rear", "pedal"), ("pedal", "seat"), ("pedal", "head"),
    ("seat", "head"), ("head", "front"), ("head", "bar"),
)  # fmt: skip


def person(canvas: Canvas, rng: np.random.Generator, place: Place) -> None:
    """Paints somebody who stands or walks."""
    x, z = place
    canvas.shadow(flat_rectangle(x - 0.3, z - 0.2, x + 0.3, z + 0.3), 0.45)
    _figure(canvas, rng, (x, 0.0, z), "person")


def rider(canvas: Canvas, rng: np.random.Generator, place: Place) -> None:
    """Paints somebody on a bicycle."""
    bicycle(canvas, rng, place)
    _figure(canvas, rng, (place[0], _SADDLE_M, place[1]), "rider")


def bicycle(canvas: Canvas, rng: np.random.Generator, place: Place) -> None:
    """Paints a bicycle from its side."""
    x, z = place
    base = (x, 0.0, z)
    color = _CLOTHES[rng.integers(len(_CLOTHES))]
    canvas.shadow(flat_rectangle(x - 0.9, z - 0.15, x + 0.9, z + 0.15), 0.4)
    for axle in ("rear", "front"):
        rim = [
            (right + _JOINTS[axle][0], up + _JOINTS[axle][1])
            for right, up in circle(0.31)
        ]
        for start, end in zip(rim, rim[1:] + rim[:1], strict=True):
            stroke = _stroke(start, end, 0.05)
            canvas.billboard(base, stroke, _TYRE, "bicycle")
    for first, second in _TUBES:
        tube = _stroke(_JOINTS[first], _JOINTS[second], 0.045)
        canvas.billboard(base, tube, color, "bicycle")
    for joint, half in (("seat", 0.13), ("bar", 0.1)):
        right, up = _JOINTS[joint]
        bar = rectangle(right - half, up, right + half, up + 0.06)
        canvas.billboard(base, bar, _TYRE, "bicycle")


def _figure(
    canvas: Canvas, rng: np.random.Generator, base: Point, name: str
) -> None:
    """Paints a body that faces the camera, heights as shares of its own."""
    height = rng.uniform(1.5, 1.9)
    coat, cloth = (_CLOTHES[i] for i in rng.integers(len(_CLOTHES), size=2))
    trousers = mix(cloth, (44, 48, 58), 0.65)
    skin = _SKIN[rng.integers(len(_SKIN))]
    stride, build = rng.uniform(0.02, 0.16), rng.uniform(0.17, 0.23)

    def paint(points: Outline, color: Color) -> None:
        outline = [(right, up * height) for right, up in points]
        canvas.billboard(base, outline, color, name)

    for side in (-1, 1):
        foot, hip = side * stride + 0.03, side * 0.02
        leg = [(foot + 0.06, 0.03), (foot - 0.07, 0.03)]
        leg = [(hip - 0.09, 0.5), (hip + 0.09, 0.5), *leg]
        paint(leg, scale(trousers, 1 + 0.12 * side))
        paint(rectangle(foot - 0.08, 0, foot + 0.1, 0.04), _SHOES)
        arm, hand = side * (build + 0.03), side * (build + 0.08)
        sleeve = [(hand + 0.04, 0.47), (hand - 0.04, 0.47)]
        paint(
            [(arm - 0.06, 0.8), (arm + 0.06, 0.8), *sleeve], scale(coat, 0.85)
        )
    shoulders = [(-build, 0.82), (-0.07, 0.86), (0.07, 0.86), (build, 0.82)]
    waist = [(build * 0.85, 0.46), (-build * 0.85, 0.46)]
    paint(shoulders + waist, coat)
    paint(rectangle(-0.05, 0.84, 0.05, 0.9), skin)
    x, raised, z = base
    head = raised + 0.93 * height
    hair = scale(_HAIR, rng.uniform(0.5, 2.2))
    canvas.disc((x, head + 0.03, z), 0.125, hair, name)
    canvas.disc((x, head, z), 0.1, skin, name)


def _stroke(
    start: tuple[float, float], end: tuple[float, float], width: float
) -> Outline:
    """Returns the corners of a thick line."""
    right, up = end[0] - start[0], end[1] - start[1]
    half = width / 2 / math.hypot(right, up)
    along, across = -up * half, right * half
    corners = ((start, 1), (end, 1), (end, -1), (start, -1))
    return [(u + sign * along, v + sign * across) for (u, v), sign in corners]
