"""Buildings of a drawn street scene."""

import dataclasses

import numpy as np

from preprocess.scenes.canvas import NEAR_M, Canvas, Place, Point
from preprocess.scenes.light import Color, mix, scale

_WALLS = (
    (196, 182, 156), (172, 158, 140), (188, 172, 160), (150, 142, 134),
    (176, 120, 98), (150, 104, 88), (206, 200, 188), (162, 164, 160),
    (186, 160, 110), (140, 130, 124), (198, 186, 174), (132, 110, 100),
)  # fmt: skip
_ROOFS = ((120, 72, 60), (88, 84, 86), (104, 64, 52), (70, 70, 76))
_SHOPS = ((150, 40, 40), (40, 80, 120), (44, 96, 66), (196, 150, 50))
_GLASS: Color = (62, 72, 84)
_LIT: Color = (250, 214, 140)
_FAR_LEAVES: Color = (74, 92, 58)
_FLOOR_M = 3.2
_SKYLINE_M = 170.0
_SKYLINE_HALF_M = 110.0


@dataclasses.dataclass(frozen=True)
class House:
    """How one building looks.

    Attributes:
        num_floors: Floors above the ground floor.
        wall: The walls' colour.
        roof: The roof's colour.
        shop: The colour of the band above the ground floor; None for none.
        bay_m: The distance from window to window.
        window_width: The window's share of a bay.
        window_height_m: The window's height.
        pitched: Whether the roof slopes back from the street.
    """

    num_floors: int
    wall: Color
    roof: Color
    shop: Color | None
    bay_m: float
    window_width: float
    window_height_m: float
    pitched: bool

    @property
    def height_m(self) -> float:
        """The height of the walls."""
        return (self.num_floors + 1) * _FLOOR_M + 0.8


def _draw_house(rng: np.random.Generator) -> House:
    """Draws the look of a building."""
    ribbons = rng.random() < 0.25
    shop = _SHOPS[rng.integers(len(_SHOPS))] if rng.random() < 0.45 else None
    wall = _WALLS[rng.integers(len(_WALLS))]
    return House(
        num_floors=int(rng.integers(1, 6)),
        wall=scale(wall, rng.uniform(0.8, 1.1)),
        roof=_ROOFS[rng.integers(len(_ROOFS))],
        shop=shop,
        bay_m=rng.uniform(2.4, 3.6),
        window_width=0.9 if ribbons else rng.uniform(0.36, 0.55),
        window_height_m=1.3 if ribbons else rng.uniform(1.4, 2.0),
        pitched=not ribbons and rng.random() < 0.7,
    )


def building(
    canvas: Canvas, rng: np.random.Generator, front: tuple[Place, Place]
) -> None:
    """Paints a building and its shadow.

    Args:
        canvas: Where to paint.
        rng: The scene's random numbers.
        front: The near and the far end of the wall along the street.
    """
    house = _draw_house(rng)
    (x, near), (_, far) = front
    outward = 1 if x > 0 else -1
    back = x + outward * rng.uniform(8, 13)
    top = house.height_m
    light = canvas.light
    bright = light.on_face(-outward)
    if house.pitched:
        ridge = (x + outward * 2.2, top + 2.4)
        roof = scale(house.roof, bright)
        slope = [(x, top, near), (x, top, far), (*ridge, far), (*ridge, near)]
        canvas.polygon(slope, roof, "building")
        gable = [(x, top, near), (back, top, near), (*ridge, near)]
        canvas.polygon(gable, scale(roof, 0.9), "building")
    if near > NEAR_M:
        _paint_wall(canvas, rng, house, ((x, near), (back, near)), 0.86)
    _paint_wall(canvas, rng, house, front, bright)
    if outward == light.sun_side:
        reach = x - outward * house.height_m * 0.8
        shade = [(x, 0, near), (x, 0, far), (reach, 0, far - 3)]
        canvas.shadow([*shade, (reach, 0, near - 3)], 0.45 * light.sun)


def skyline(canvas: Canvas, rng: np.random.Generator) -> None:
    """Closes the street far away with roofs and trees."""
    left = -_SKYLINE_HALF_M
    while left < _SKYLINE_HALF_M:
        right = left + rng.uniform(8, 22)
        wall = scale(_WALLS[rng.integers(len(_WALLS))], canvas.light.on_face(0))
        is_wood = rng.random() < 0.4
        top = rng.uniform(5, 13)
        peak = (rng.uniform(left, right), top + rng.uniform(0.5, 3))
        outline = [(left, 0), (right, 0), (right, top), peak, (left, top)]
        canvas.billboard(
            (0, 0, _SKYLINE_M),
            outline,
            _FAR_LEAVES if is_wood else wall,
            "vegetation" if is_wood else "building",
        )
        left = right


def _paint_wall(
    canvas: Canvas,
    rng: np.random.Generator,
    house: House,
    ends: tuple[Place, Place],
    bright: float,
) -> None:
    """Paints one wall, bay by bay from the far end to the near one."""
    start, end = (np.array(place) for place in ends)
    num_bays = max(1, round(np.abs(end - start).sum() / house.bay_m))
    corners = [
        start + (end - start) * bay / num_bays for bay in range(num_bays + 1)
    ]
    for bay in reversed(range(num_bays)):
        first, last = (
            (float(x), max(float(z), NEAR_M)) for x, z in corners[bay : bay + 2]
        )
        if max(first[1], last[1]) > 2 * NEAR_M:
            _paint_bay(canvas, rng, house, (first, last), bright)


def _paint_bay(
    canvas: Canvas,
    rng: np.random.Generator,
    house: House,
    ends: tuple[Place, Place],
    bright: float,
) -> None:
    """Paints one column of windows with the wall around it."""
    (x0, z0), (x1, z1) = ends

    def panel(
        left: float, bottom: float, right: float, top: float
    ) -> list[Point]:
        x, z = x0 + (x1 - x0) * left, z0 + (z1 - z0) * left
        lower: list[Point] = [(x, bottom, z), (x, top, z)]
        x, z = x0 + (x1 - x0) * right, z0 + (z1 - z0) * right
        return [*lower, (x, top, z), (x, bottom, z)]

    color = scale(house.wall, bright)
    top = house.height_m
    canvas.polygon(panel(0, 0, 1, top), color, "building")
    columns = [canvas.camera.project((x, 0, z))[0] for x, z in ends]
    width = abs(columns[1] - columns[0])
    if width < 1.5 or max(columns) < 0 or min(columns) > canvas.size[1]:
        return
    canvas.polygon(panel(0, top - 0.4, 1, top), scale(color, 1.12))
    canvas.polygon(panel(0, 0, 1, 0.5), scale(color, 0.8))
    left, right = 0.5 - house.window_width / 2, 0.5 + house.window_width / 2
    reflection = mix(_GLASS, canvas.light.zenith, 0.25)
    for floor in range(house.num_floors + 1):
        sill = floor * _FLOOR_M + (1.1 if floor else 0.5)
        head = sill + house.window_height_m + (0 if floor else 0.4)
        glass = scale(reflection, rng.uniform(0.7, 1.35))
        if canvas.light.evening and rng.random() < 0.3:
            glass = _LIT
        if width > 8:
            frame = panel(left - 0.04, sill - 0.1, right + 0.04, head + 0.08)
            canvas.polygon(frame, scale(color, 1.18))
        canvas.polygon(panel(left, sill, right, head), glass)
        if width > 16:
            canvas.polygon(panel(0.49, sill, 0.51, head), scale(color, 1.1))
    if house.shop is not None:
        band = panel(0, _FLOOR_M - 0.5, 1, _FLOOR_M + 0.1)
        canvas.polygon(band, scale(house.shop, bright))
