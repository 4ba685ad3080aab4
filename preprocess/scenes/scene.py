"""Draws one street scene: what stands where, from the sky to the bonnet."""

import functools
import math
from collections.abc import Callable

import numpy as np

from preprocess.scenes import buildings, people, props, trees, vehicles
from preprocess.scenes.canvas import (
    LABEL_IDS,
    NEAR_M,
    Camera,
    Canvas,
    Place,
)
from preprocess.scenes.light import draw_light, draw_sky, scale
from preprocess.scenes.sensor import develop
from preprocess.scenes.street import Street, draw_street, paint_ground

_BONNETS = ((46, 48, 52), (118, 120, 124))

_Painter = Callable[[Canvas, np.random.Generator, Place], None]


def draw_scene(
    rng: np.random.Generator, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Draws one street scene.

    Args:
        rng: The source of everything that varies.
        size: (height, width) in pixels.

    Returns:
        The picture, (H, W, 3) uint8 in [0, 255], and its label map,
        (H, W) uint8 labelIds in [0, 33].
    """
    height, width = size
    light = draw_light(rng)
    camera = Camera(
        focal_px=1.1 * max(width, height),
        center_px=width * rng.uniform(0.4, 0.6),
        horizon_px=height * rng.uniform(0.40, 0.48),
        height_m=rng.uniform(1.2, 1.5),
    )
    street = draw_street(rng)
    sky = draw_sky(rng, light, size, round(camera.horizon_px))
    canvas = Canvas(sky, camera, light)
    buildings.skyline(canvas, rng)
    paint_ground(canvas, rng, street)
    for side in (0, 1):
        _paint_plots(canvas, rng, street, side)
    things = _beside_road(rng, street) + _on_road(rng, street)
    for _, place, painter in sorted(things, key=lambda thing: -thing[0]):
        if canvas.visible(*place, margin_m=5):
            painter(canvas, rng, place)
    _paint_bonnet(canvas, rng)
    drawn = canvas.finish()
    return develop(rng, drawn, canvas), _with_rim(rng, drawn[1])


def _paint_plots(
    canvas: Canvas, rng: np.random.Generator, street: Street, side: int
) -> None:
    """Paints one side's buildings and gardens, far to near."""
    x = street.front[side]
    plots = []
    near = rng.uniform(-14, 2)
    while near < 150:
        far = near + rng.uniform(9, 26)
        if far > 2 * NEAR_M and not street.at_crossing(near, far):
            plots.append((near, far))
        near = far if rng.random() < 0.75 else far + rng.uniform(3, 14)
    for near, far in reversed(plots):
        if rng.random() < 0.14 + 0.14 * street.greenery:
            _paint_garden(canvas, rng, x, (max(near, 2 * NEAR_M), far))
        else:
            buildings.building(canvas, rng, ((x, near), (x, far)))


def _paint_garden(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    stretch: tuple[float, float],
) -> None:
    """Paints trees behind a fence, a wall or a hedge."""
    outward = math.copysign(1, x)
    for z in sorted(rng.uniform(*stretch, 3), reverse=True):
        place = (x + outward * rng.uniform(3, 8), z)
        if canvas.visible(*place, margin_m=5):
            trees.tree(canvas, rng, place)
    border = rng.random()
    if border < 0.45:
        props.fence(canvas, rng, x, stretch)
    elif border < 0.75:
        props.wall(canvas, rng, x, stretch)
    else:
        for z in np.arange(stretch[1], stretch[0], -1.0):
            if canvas.visible(x, z, margin_m=2):
                trees.hedge(canvas, rng, (x, z))


def _beside_road(
    rng: np.random.Generator, street: Street
) -> list[tuple[float, Place, _Painter]]:
    """Lists (depth, place, painter) of what stands at the kerbs."""
    things = []

    def add(painter: _Painter, x: float, z: float) -> None:
        things.append((z, (x, z), painter))

    for side, kerb in enumerate(street.road):
        outward = (-1, 1)[side]
        edge = street.walk[side]
        parked = functools.partial(vehicles.car, oncoming=side == 0)
        for z in np.arange(rng.uniform(5, 14), 110, rng.uniform(6, 9)):
            if street.at_crossing(z, z + 5):
                continue
            x = kerb - outward * 1.05
            if rng.random() < 0.6 * street.traffic and abs(x) > 2.0:
                add(parked, x, z + rng.uniform(0, 0.8))
            if rng.random() < 0.8 * street.greenery:
                add(trees.tree, edge - outward * 0.4, z)
        for z in np.arange(rng.uniform(8, 24), 120, rng.uniform(18, 30)):
            add(props.lamp_post, kerb + outward * 0.5, z)
        for _ in range(rng.poisson(7 * street.traffic)):
            x = kerb + (edge - kerb) * rng.uniform(0.2, 0.9)
            add(people.person, x, rng.gamma(2.2, 10) + 6)
        for painter, mean in (
            (props.traffic_sign, 2.2),
            (props.bin_or_bollard, 1.6),
            (people.bicycle, 0.8),
        ):
            for _ in range(rng.poisson(mean)):
                x = kerb + outward * rng.uniform(0.35, 1.2)
                add(painter, x, rng.uniform(7, 55))
        if street.crossing is not None and rng.random() < 0.8:
            z = street.crossing[0] - 2.5
            add(props.traffic_light, kerb + outward * 0.6, z)
    return things


def _on_road(
    rng: np.random.Generator, street: Street
) -> list[tuple[float, Place, _Painter]]:
    """Lists (depth, place, painter) of what moves on the road."""
    things: list[tuple[float, Place, _Painter]] = []
    left, right = street.road
    lanes = (
        (right + street.middle) / 2 - 0.8,
        (left + street.middle) / 2 + 0.2,
    )
    for lane, oncoming in zip(lanes, (False, True), strict=True):
        moving = functools.partial(vehicles.car, oncoming=oncoming)
        z = rng.uniform(9, 40)
        while z < 120:
            if rng.random() < 0.7 * street.traffic:
                things.append((z, (lane + rng.uniform(-0.3, 0.3), z), moving))
            z += rng.uniform(11, 35)
    walkers: tuple[tuple[_Painter, float], ...] = (
        (people.rider, 0.9),
        (people.person, 1.2),
    )
    for painter, mean in walkers:
        for _ in range(rng.poisson(mean * street.traffic)):
            x, z = rng.uniform(*street.road), rng.uniform(10, 45)
            things.append((z, (x, z), painter))
    return things


def _paint_bonnet(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paints the bonnet over which the camera looks."""
    if rng.random() < 0.2:
        return
    height, width = canvas.size
    top = height * rng.uniform(0.9, 0.95)
    paint = _BONNETS[rng.integers(len(_BONNETS))]
    for inset, color in ((0.0, paint), (0.35, scale(paint, 1.25))):
        outline = [(0.0, float(height))]
        for step in range(33):
            across = step / 32
            rise = (1 - (2 * across - 1) ** 4) * (1 - inset)
            outline.append((across * width, height - rise * (height - top)))
        outline.append((float(width), float(height)))
        canvas.screen_polygon(outline, color, "ego vehicle")


def _with_rim(rng: np.random.Generator, label: np.ndarray) -> np.ndarray:
    """Marks the rim that a rectified camera leaves, as Cityscapes does."""
    rim = round(label.shape[1] / 400)
    if rim and rng.random() < 0.6:
        framed = np.full_like(label, LABEL_IDS["out of roi"])
        framed[rim:-rim, rim:-rim] = label[rim:-rim, rim:-rim]
        return framed
    return label
