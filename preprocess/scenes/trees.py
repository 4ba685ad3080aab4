"""Trees and hedges of a drawn street scene."""

import math

import numpy as np

from preprocess.scenes.canvas import Canvas, Place, Point, circle
from preprocess.scenes.light import Color, mix, scale

_LEAVES = ((62, 88, 44), (78, 100, 48), (52, 78, 50), (96, 106, 52))


def tree(canvas: Canvas, rng: np.random.Generator, place: Place) -> None:
    """Paints a tree; trunk and crown are both `vegetation`."""
    x, z = place
    height = rng.uniform(5, 11)
    radius = height * rng.uniform(0.26, 0.36)
    bark = scale((84, 70, 58), rng.uniform(0.7, 1.1))
    stem = [(-0.2, 0), (0.2, 0), (0.1, height * 0.6), (-0.1, height * 0.6)]
    canvas.billboard((x, 0, z), stem, bark, "vegetation")
    round_shade = [
        (x + right * 1.2, 0, z + ahead) for right, ahead in circle(radius)
    ]
    canvas.shadow(round_shade, 0.1 + 0.35 * canvas.light.sun)
    one, other = (_LEAVES[i] for i in rng.integers(len(_LEAVES), size=2))
    color = mix(one, other, 0.5)
    crown = (x, height * 0.72, z)
    _foliage(canvas, rng, crown, (radius, height * 0.36), color)


def hedge(
    canvas: Canvas,
    rng: np.random.Generator,
    place: Place,
) -> None:
    """Paints a bush."""
    x, z = place
    color = scale(_LEAVES[rng.integers(len(_LEAVES))], rng.uniform(0.7, 1.1))
    size = (rng.uniform(0.7, 1.3), rng.uniform(0.6, 0.9))
    _foliage(canvas, rng, (x, size[1] * 0.8, z), size, color)


def _foliage(
    canvas: Canvas,
    rng: np.random.Generator,
    center: Point,
    size: tuple[float, float],
    color: Color,
) -> None:
    """Paints leaves in an ellipse, dark ones below, light ones above."""
    width, height = size
    num_leaves = int(
        np.clip(canvas.camera.pixels(width, center[2]) * 1.2, 14, 170)
    )
    core = [(right * width, up * height) for right, up in circle(0.8, 18)]
    canvas.billboard(center, core, scale(color, 0.66), "vegetation")
    angle = rng.uniform(0, math.tau, num_leaves)
    distance = np.sqrt(rng.random(num_leaves)) * 0.95
    spots = np.stack([np.cos(angle) * distance, np.sin(angle) * distance], 1)
    spots = spots[np.argsort(spots[:, 1])]
    leaf = 1.7 / math.sqrt(num_leaves)
    bumps = rng.uniform(0.6, 1.25, (num_leaves, 7))
    brightness = rng.uniform(0.82, 1.1, num_leaves)
    turns = [math.tau * corner / 7 for corner in range(7)]
    for spot, bump, gain in zip(spots, bumps, brightness, strict=True):
        sunny = 0.22 * canvas.light.sun * canvas.light.sun_side * spot[0]
        shade = scale(color, gain * (0.86 + 0.26 * spot[1] + sunny))
        outline = [
            (
                (spot[0] + leaf * b * math.cos(turn)) * width,
                (spot[1] + leaf * b * math.sin(turn)) * height,
            )
            for b, turn in zip(bump, turns, strict=True)
        ]
        canvas.billboard(center, outline, shade, "vegetation")
