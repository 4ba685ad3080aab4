"""Cars, trucks and buses of a drawn street scene."""

import dataclasses
from collections.abc import Callable

import numpy as np

from preprocess.scenes.canvas import (
    NEAR_M,
    Canvas,
    Place,
    Point,
    circle,
    flat_rectangle,
    rectangle,
)
from preprocess.scenes.light import Color, mix, scale

_PAINTS = (
    (44, 46, 50), (150, 154, 158), (210, 212, 212), (96, 100, 106),
    (128, 34, 34), (38, 62, 110), (70, 86, 80), (176, 170, 150),
    (28, 30, 36), (60, 90, 130), (190, 150, 60),
)  # fmt: skip
_GLASS: Color = (48, 58, 66)
_TYRE: Color = (30, 30, 32)
_RIM: Color = (140, 142, 146)
_HEADLIGHTS = ((255, 250, 226), (214, 216, 214))
_TAIL_LIGHTS = ((226, 40, 34), (150, 32, 32))
"""Lamps by night and by day."""


@dataclasses.dataclass(frozen=True)
class Shape:
    """The side view of a kind of vehicle, its back at 0.

    Attributes:
        name: The class.
        length_m: Bumper to bumper.
        width_m: Side to side.
        profile: (share of the length, height in metres, is glass) of each
            corner, from the back's lower edge over the roof to the front's;
            `is glass` speaks of the face up to the next corner.
        windows: Side windows as (share, height) corners.
        wheels: Shares of the length where the axles are.
        wheel_m: The wheels' radius.
    """

    name: str
    length_m: float
    width_m: float
    profile: tuple[tuple[float, float, bool], ...]
    windows: tuple[tuple[tuple[float, float], ...], ...]
    wheels: tuple[float, ...]
    wheel_m: float


_HATCHBACK = Shape(
    "car", 4.1, 1.75,
    ((0.0, 0.28, False), (0.0, 0.92, True), (0.09, 1.40, False),
     (0.20, 1.47, False), (0.52, 1.46, True), (0.72, 0.98, False),
     (0.97, 0.78, False), (1.0, 0.28, False)),
    (((0.10, 0.98), (0.15, 1.34), (0.36, 1.38), (0.36, 0.96)),
     ((0.39, 0.96), (0.39, 1.38), (0.51, 1.37), (0.68, 0.96))),
    (0.19, 0.81), 0.31,
)  # fmt: skip
_SALOON = Shape(
    "car", 4.6, 1.8,
    ((0.0, 0.28, False), (0.01, 0.96, False), (0.16, 1.0, True),
     (0.30, 1.40, False), (0.54, 1.42, True), (0.72, 0.96, False),
     (0.98, 0.76, False), (1.0, 0.28, False)),
    (((0.22, 0.98), (0.31, 1.33), (0.42, 1.35), (0.42, 0.96)),
     ((0.45, 0.96), (0.45, 1.35), (0.53, 1.34), (0.68, 0.95))),
    (0.20, 0.80), 0.32,
)  # fmt: skip
_VAN = Shape(
    "car", 4.9, 1.95,
    ((0.0, 0.3, False), (0.0, 1.1, True), (0.03, 1.75, False),
     (0.06, 1.95, False), (0.68, 1.95, True), (0.86, 1.1, False),
     (0.98, 0.85, False), (1.0, 0.3, False)),
    (((0.70, 1.1), (0.60, 1.1), (0.60, 1.75), (0.68, 1.75), (0.82, 1.1)),),
    (0.18, 0.82), 0.34,
)  # fmt: skip
_TRUCK = Shape(
    "truck", 8.5, 2.45,
    ((0.0, 0.6, False), (0.0, 3.4, False), (0.74, 3.4, False),
     (0.75, 2.8, False), (0.96, 2.8, True), (1.0, 1.5, False),
     (1.0, 0.45, False)),
    (((0.84, 1.5), (0.84, 2.4), (0.94, 2.4), (0.97, 1.5)),),
    (0.16, 0.28, 0.86), 0.48,
)  # fmt: skip
_BUS = Shape(
    "bus", 11.5, 2.5,
    ((0.0, 0.35, False), (0.0, 1.3, True), (0.0, 2.5, False),
     (0.01, 3.0, False), (0.99, 3.0, False), (1.0, 2.6, True),
     (1.0, 1.1, False), (1.0, 0.35, False)),
    tuple(
        ((s, 1.3), (s, 2.5), (s + 0.13, 2.5), (s + 0.13, 1.3))
        for s in (0.04, 0.19, 0.34, 0.49, 0.64, 0.79)
    ),
    (0.25, 0.78), 0.48,
)  # fmt: skip

_CARS = (_HATCHBACK, _SALOON, _VAN, _HATCHBACK, _SALOON)


def car(
    canvas: Canvas, rng: np.random.Generator, place: Place, oncoming: bool
) -> None:
    """Paints a car, now and then a truck or bus, along the street.

    Args:
        canvas: Where to paint.
        rng: The scene's random numbers.
        place: Its middle's x and its near end's z.
        oncoming: Whether it shows its front.
    """
    x, near = place
    draw = rng.random()
    shape = _CARS[rng.integers(len(_CARS))]
    if draw < 0.05 and near > 12:
        shape = _TRUCK if draw < 0.025 else _BUS
    paint = scale(_PAINTS[rng.integers(len(_PAINTS))], rng.uniform(0.8, 1.1))
    half = shape.width_m / 2
    far = near + shape.length_m
    ground = flat_rectangle(x - half - 0.1, near - 0.1, x + half + 0.1, far)
    canvas.shadow(ground, 0.62)

    def at(share: float, height: float, side: int) -> Point:
        share = 1 - share if oncoming else share
        z = near + share * shape.length_m
        return (x + side * half, height, max(z, NEAR_M))

    _hull(canvas, shape, paint, at)
    _flank(canvas, shape, paint, at, -1 if x > 0 else 1)
    _near_end(canvas, shape, place, oncoming)


def _hull(
    canvas: Canvas,
    shape: Shape,
    paint: Color,
    at: Callable[[float, float, int], Point],
) -> None:
    """Paints the faces that reach from side to side, far ones first."""
    glass = mix(_GLASS, canvas.light.zenith, 0.3)
    faces = []
    following = shape.profile[1:] + shape.profile[:1]
    for start, end in zip(shape.profile, following, strict=True):
        quad = [at(*start[:2], -1), at(*start[:2], 1)]
        quad += [at(*end[:2], 1), at(*end[:2], -1)]
        is_level = abs(end[1] - start[1]) < 0.3
        color = scale(paint, 1.12 if is_level else 0.86)
        if max(start[1], end[1]) < 0.7:
            color = _TYRE
        faces.append((quad, glass if start[2] else color))
    faces.sort(key=lambda face: -sum(point[2] for point in face[0]))
    for quad, color in faces:
        canvas.polygon(quad, color, shape.name)


def _flank(
    canvas: Canvas,
    shape: Shape,
    paint: Color,
    at: Callable[[float, float, int], Point],
    side: int,
) -> None:
    """Paints the side in view with its windows and wheels."""
    color = scale(paint, canvas.light.on_face(side))
    glass = scale(mix(_GLASS, canvas.light.zenith, 0.3), 0.85)
    outline = [at(share, height, side) for share, height, _ in shape.profile]
    canvas.polygon(outline, color, shape.name)
    for window in shape.windows:
        canvas.polygon([at(*corner, side) for corner in window], glass)
    sill = [at(*corner, side) for corner in rectangle(0, 0.28, 1, 0.4)]
    canvas.polygon(sill, scale(color, 0.6))
    for axle in shape.wheels:
        for share, color in ((1.0, _TYRE), (0.6, _RIM)):
            wheel = [
                at(axle + right / shape.length_m, shape.wheel_m + up, side)
                for right, up in circle(shape.wheel_m * share, 14)
            ]
            canvas.polygon(wheel, color, shape.name)


def _near_end(
    canvas: Canvas, shape: Shape, place: Place, oncoming: bool
) -> None:
    """Paints lamps, bumper, number plate and tyres on the near end."""
    base = (place[0], 0.0, max(place[1] - 0.01, NEAR_M))
    half = shape.width_m / 2
    lit, unlit = _HEADLIGHTS if oncoming else _TAIL_LIGHTS
    for side in (-1, 1):
        tyre = rectangle(side * (half - 0.22), 0, side * half, 0.32)
        canvas.billboard(base, tyre, _TYRE, shape.name)
        lamp = rectangle(side * half * 0.66, 0.68, side * half * 0.96, 0.84)
        canvas.billboard(base, lamp, lit if canvas.light.evening else unlit)
    canvas.billboard(base, rectangle(-half, 0.3, half, 0.42), (52, 52, 54))
    canvas.billboard(base, rectangle(-0.26, 0.46, 0.26, 0.58), (222, 222, 214))
