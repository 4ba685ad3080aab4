"""A canvas for street scenes: picture and label map drawn by one brush.

The world is in metres: x to the right, y up from the road, z ahead.  Every
shape is painted over what is farther away, so callers draw from far to near.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from preprocess.scenes.light import Color, Light, mix
from schemas.labels.cityscapes import CITYSCAPES

NEAR_M = 0.6
"""Nothing is drawn closer to the camera than this."""

SUPERSAMPLING = 2
"""Pixels drawn along each axis for one pixel of the picture."""

LABEL_IDS = {row.name: row.label_id for row in CITYSCAPES.classes}

Point = tuple[float, float, float]
"""(x, y, z) in metres."""

Place = tuple[float, float]
"""(x, z) on the ground in metres."""

Outline = list[tuple[float, float]]
"""Corners as (right, up) metres from some base point."""


@dataclasses.dataclass(frozen=True)
class Camera:
    """A pinhole camera that looks along z.

    Attributes:
        focal_px: The focal length in pixels of the picture.
        center_px: The column of the vanishing point.
        horizon_px: The row of the horizon.
        height_m: The camera's height over the road.
    """

    focal_px: float
    center_px: float
    horizon_px: float
    height_m: float

    def project(self, point: Point) -> tuple[float, float]:
        """Returns the (column, row) in pixels where a point appears."""
        x, y, z = point
        factor = self.focal_px / max(z, NEAR_M)
        return (
            self.center_px + x * factor,
            self.horizon_px + (self.height_m - y) * factor,
        )

    def pixels(self, length_m: float, z: float) -> float:
        """Returns how many pixels a length takes at a depth."""
        return length_m * self.focal_px / max(z, NEAR_M)


class Canvas:
    """Picture, label map and ground shadows of one scene.

    Attributes:
        camera: The camera, in pixels of the finished picture.
        light: The scene's light.
        size: (height, width) of the finished picture.
    """

    def __init__(
        self,
        sky: Image.Image,
        camera: Camera,
        light: Light,
    ):
        """Starts with the sky.

        Args:
            sky: The RGB background, of the finished picture's size.
            camera: The camera.
            light: The scene's light.
        """
        self.camera = camera
        self.light = light
        self.size = (sky.height, sky.width)
        drawn = (sky.width * SUPERSAMPLING, sky.height * SUPERSAMPLING)
        self._image = sky.resize(drawn, Image.Resampling.BILINEAR)
        self._label = Image.new("L", drawn, LABEL_IDS["sky"])
        self._shadow = Image.new("L", (sky.width, sky.height), 0)
        self._brush = ImageDraw.Draw(self._image)
        self._label_brush = ImageDraw.Draw(self._label)
        self._shadow_brush = ImageDraw.Draw(self._shadow)

    def polygon(
        self,
        points: Sequence[Point],
        color: Color,
        name: str | None = None,
        hazy: bool = True,
    ) -> None:
        """Paints a flat shape.

        Args:
            points: The corners in the world.
            color: The colour before haze.
            name: The class to put in the label map; None leaves it as is.
            hazy: False for the ground, whose haze is added pixel by pixel.
        """
        if hazy:
            depth = sum(point[2] for point in points) / len(points)
            color = self._faded(color, depth)
        self.screen_polygon(
            [self.camera.project(point) for point in points], color, name
        )

    def screen_polygon(
        self,
        points: Sequence[tuple[float, float]],
        color: Color,
        name: str | None = None,
    ) -> None:
        """Paints a shape given in (column, row) pixels of the picture."""
        corners = [(u * SUPERSAMPLING, v * SUPERSAMPLING) for u, v in points]
        self._brush.polygon(corners, fill=_rounded(color))
        if name is not None:
            self._label_brush.polygon(corners, fill=LABEL_IDS[name])

    def billboard(
        self,
        base: Point,
        outline: Outline,
        color: Color,
        name: str | None = None,
    ) -> None:
        """Paints an outline of (right, up) metres that faces the camera."""
        x, y, z = base
        points = [(x + right, y + up, z) for right, up in outline]
        self.polygon(points, color, name)

    def disc(
        self, center: Point, radius: float, color: Color, name: str | None
    ) -> None:
        """Paints a disc that faces the camera, `radius` in metres."""
        self.billboard(center, circle(radius), color, name)

    def shadow(self, points: Sequence[Point], darkness: float) -> None:
        """Darkens the ground inside a shape by a share in [0, 1]."""
        corners = [self.camera.project(point) for point in points]
        self._shadow_brush.polygon(corners, fill=round(255 * darkness))

    def visible(self, x: float, z: float, margin_m: float) -> bool:
        """Whether anything within `margin_m` of a place can be seen."""
        if z < 2 * NEAR_M:
            return False
        column = self.camera.project((x, 0, z))[0]
        margin = self.camera.pixels(margin_m, z)
        return -margin < column < self.size[1] + margin

    def finish(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns the picture, the label map and the ground's shadows.

        Returns:
            (H, W, 3) uint8 in [0, 255], smooth at edges; (H, W) uint8
            labelIds, never mixed; (H, W) uint8 darkness in [0, 255].
        """
        label = np.asarray(self._label)[::SUPERSAMPLING, ::SUPERSAMPLING]
        image = np.asarray(self._image.reduce(SUPERSAMPLING))
        return image, label.copy(), np.asarray(self._shadow)

    def _faded(self, color: Color, depth: float) -> Color:
        share = 1 - math.exp(-self.light.haze_per_m * max(depth, 0))
        return mix(color, self.light.horizon, share)


def circle(radius: float, corners: int = 16) -> Outline:
    """Returns the corners of a circle around (0, 0)."""
    angles = (2 * math.pi * corner / corners for corner in range(corners))
    return [(radius * math.cos(a), radius * math.sin(a)) for a in angles]


def rectangle(left: float, bottom: float, right: float, top: float) -> Outline:
    """Returns the corners of an upright rectangle."""
    return [(left, bottom), (right, bottom), (right, top), (left, top)]


def _rounded(color: Color) -> tuple[int, int, int]:
    red, green, blue = color
    return int(red + 0.5), int(green + 0.5), int(blue + 0.5)


def flat_rectangle(
    left: float, near: float, right: float, far: float
) -> list[Point]:
    """Returns the corners of a rectangle on the ground."""
    near, far = max(near, NEAR_M), max(far, NEAR_M)
    return [(left, 0, near), (right, 0, near), (right, 0, far), (left, 0, far)]
