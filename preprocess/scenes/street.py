"""The plan of a drawn street, and its ground."""

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from preprocess.scenes.canvas import NEAR_M, Canvas, flat_rectangle
from preprocess.scenes.light import Color, scale

_END_M = 400.0
_SIDE_M = 300.0
_ASPHALT: Color = (112, 112, 114)
_PAVING: Color = (158, 150, 144)
_PAINT: Color = (226, 226, 220)
_RAIL: Color = (150, 150, 156)
_VERGES = {
    "sidewalk": scale(_PAVING, 0.96),
    "terrain": (104, 114, 66),
    "parking": scale(_ASPHALT, 1.12),
}


@dataclasses.dataclass(frozen=True)
class Street:
    """The plan of one street, seen from the camera's lane.

    Attributes:
        road: The x of the road's left and right edge, in metres.
        walk: The x of the sidewalks' outer edges.
        front: The x of the buildings' fronts.
        verge: The class of the ground between sidewalk and buildings.
        crossing: Nearest and farthest z of a crossing street; None for none.
        greenery: The trees' density, in [0, 1].
        traffic: The vehicles' and people's density, in [0, 1].
    """

    road: tuple[float, float]
    walk: tuple[float, float]
    front: tuple[float, float]
    verge: str
    crossing: tuple[float, float] | None
    greenery: float
    traffic: float

    @property
    def middle(self) -> float:
        """The x of the line between the lanes."""
        return sum(self.road) / 2

    def at_crossing(self, near: float, far: float) -> bool:
        """Whether a stretch along z touches the crossing street."""
        if self.crossing is None:
            return False
        return far > self.crossing[0] - 1 and near < self.crossing[1] + 1


def draw_street(rng: np.random.Generator) -> Street:
    """Draws the widths, the verge and the crossing of a street."""
    road = (-rng.uniform(4.6, 7.6), rng.uniform(2.4, 5.0))
    walk = (road[0] - rng.uniform(1.8, 3.6), road[1] + rng.uniform(1.8, 3.6))
    verge = str(rng.choice(["sidewalk", "terrain", "terrain", "parking"]))
    gap = 0.2 if verge == "sidewalk" else rng.uniform(2, 7)
    crossing = None
    if rng.random() < 0.5:
        near = rng.uniform(14, 45)
        crossing = (near, near + rng.uniform(6, 10))
    return Street(
        road=road,
        walk=walk,
        front=(walk[0] - gap, walk[1] + gap),
        verge=verge,
        crossing=crossing,
        greenery=rng.uniform(0.1, 1),
        traffic=rng.uniform(0.25, 1),
    )


def paint_ground(
    canvas: Canvas, rng: np.random.Generator, street: Street
) -> None:
    """Paints verge, sidewalks, road and markings."""
    paving = scale(_PAVING, rng.uniform(0.85, 1.1))
    asphalt = scale(_ASPHALT, rng.uniform(0.75, 1.1))
    flat = functools.partial(_flat, canvas)
    left, right = street.road
    verge = _VERGES[street.verge]
    flat((-_SIDE_M, _SIDE_M), (NEAR_M, _END_M), verge, street.verge)
    flat(street.walk, (NEAR_M, _END_M), paving, "sidewalk")
    kerb = scale(paving, 1.2)
    flat((left - 0.18, right + 0.18), (NEAR_M, _END_M), kerb, "sidewalk")
    flat(street.road, (NEAR_M, _END_M), asphalt, "road")
    for gutter in (left, right - 0.3):
        flat((gutter, gutter + 0.3), (NEAR_M, _END_M), scale(asphalt, 0.86))
    for _ in range(rng.integers(4)):
        x, z = rng.uniform(left, right - 2), rng.uniform(4, 30)
        patch = scale(asphalt, rng.uniform(0.78, 1.12))
        flat((x, x + rng.uniform(0.6, 2)), (z, z + rng.uniform(1, 8)), patch)
    if rng.random() < 0.12:
        _rails(flat, street, asphalt)
    else:
        _dashes(flat, rng, street)
    if street.crossing is not None:
        _crossing(flat, street, street.crossing, asphalt)


def _flat(
    canvas: Canvas,
    across: tuple[float, float],
    along: tuple[float, float],
    color: Color,
    name: str | None = None,
) -> None:
    """Paints a rectangle on the ground."""
    corners = flat_rectangle(across[0], along[0], across[1], along[1])
    canvas.polygon(corners, color, name, hazy=False)


def _rails(flat: Callable, street: Street, asphalt: Color) -> None:
    """Paints a tramway in the middle of the road."""
    for x in (street.middle - 0.72, street.middle + 0.65):
        bed = (x - 0.3, x + 0.37)
        flat(bed, (NEAR_M, _END_M), scale(asphalt, 0.9), "rail track")
        flat((x, x + 0.07), (NEAR_M, _END_M), _RAIL)


def _dashes(flat: Callable, rng: np.random.Generator, street: Street) -> None:
    """Paints the line between the lanes, open at the crossing."""
    across = (street.middle - 0.07, street.middle + 0.07)
    for z in np.arange(rng.uniform(0, 6), 120, 6 + rng.uniform(0, 4)):
        if not street.at_crossing(z, z + 8):
            flat(across, (z, z + 3), _PAINT)


def _crossing(
    flat: Callable,
    street: Street,
    crossing: tuple[float, float],
    asphalt: Color,
) -> None:
    """Paints the crossing street, a stop line and a zebra crossing."""
    near, far = crossing
    left, right = street.road
    flat(
        (-_SIDE_M, _SIDE_M),
        (near - 2, far + 2),
        scale(_PAVING, 0.95),
        "sidewalk",
    )
    flat((-_SIDE_M, _SIDE_M), (near, far), asphalt, "road")
    flat(street.road, (near - 2.2, far + 2.2), asphalt, "road")
    for x in np.arange(left + 0.4, right - 0.5, 1.0):
        flat((x, x + 0.5), (near - 4, near - 1), _PAINT)
    flat((street.middle, right - 0.2), (near - 5.4, near - 5), _PAINT)
