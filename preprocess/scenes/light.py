"""Light, air and sensor of a drawn street scene."""

import dataclasses

import numpy as np
from PIL import Image

Color = tuple[float, float, float]
"""(red, green, blue), each in [0, 255]."""


def mix(first: Color, second: Color, share: float) -> Color:
    """Blends two colours, `share` in [0, 1] of the second."""
    red, green, blue = (
        a + (b - a) * share for a, b in zip(first, second, strict=True)
    )
    return red, green, blue


def scale(color: Color, factor: float) -> Color:
    """Makes a colour lighter or darker."""
    red, green, blue = (min(255.0, channel * factor) for channel in color)
    return red, green, blue


@dataclasses.dataclass(frozen=True)
class Light:
    """One time of day and weather.

    Attributes:
        zenith: The sky's colour at the top of the picture.
        horizon: The sky's colour at the horizon, and the haze's.
        cloudiness: The clouds' share of the sky, in [0, 1].
        sun: The strength of direct light, in [0, 1].
        sun_side: -1 where the sun stands on the left, 1 on the right.
        haze_per_m: The share of a thing's colour lost on each metre.
        tint: The factor on each channel.
        exposure: The factor on all channels.
        noise: The standard deviation of the sensor's noise, of 255.
        evening: Whether windows and lamps are lit.
    """

    zenith: Color
    horizon: Color
    cloudiness: float
    sun: float
    sun_side: int
    haze_per_m: float
    tint: Color
    exposure: float
    noise: float
    evening: bool

    def on_face(self, normal_x: float) -> float:
        """Returns the brightness of a wall by the way that it faces."""
        return 0.8 + 0.28 * self.sun * normal_x * self.sun_side


_CLEAR = Light(
    zenith=(92, 138, 196),
    horizon=(196, 214, 228),
    cloudiness=0.5,
    sun=0.9,
    sun_side=1,
    haze_per_m=0.004,
    tint=(1.03, 1.0, 0.95),
    exposure=1.05,
    noise=0.75,
    evening=False,
)
_OVERCAST = dataclasses.replace(
    _CLEAR,
    zenith=(178, 186, 194),
    horizon=(216, 220, 222),
    cloudiness=0.8,
    sun=0.1,
    haze_per_m=0.006,
    tint=(0.97, 1.0, 1.02),
    exposure=0.98,
)
_MISTY = dataclasses.replace(
    _OVERCAST,
    zenith=(196, 202, 204),
    horizon=(222, 224, 222),
    cloudiness=0.2,
    haze_per_m=0.014,
    tint=(1.0, 1.0, 1.0),
)
_EVENING = dataclasses.replace(
    _CLEAR,
    zenith=(88, 104, 148),
    horizon=(236, 190, 150),
    sun=0.5,
    haze_per_m=0.006,
    tint=(1.08, 0.97, 0.86),
    exposure=0.85,
    noise=1.1,
    evening=True,
)
_WEATHERS = (_CLEAR, _CLEAR, _OVERCAST, _OVERCAST, _MISTY, _EVENING)


def draw_light(rng: np.random.Generator) -> Light:
    """Draws a weather: clear, overcast, misty or evening."""
    typical = _WEATHERS[rng.integers(len(_WEATHERS))]
    return dataclasses.replace(
        typical,
        cloudiness=typical.cloudiness * rng.uniform(0.5, 1.3),
        sun=typical.sun * rng.uniform(0.7, 1.1),
        sun_side=int(rng.choice([-1, 1])),
        haze_per_m=typical.haze_per_m * rng.uniform(0.6, 1.5),
        exposure=typical.exposure * rng.uniform(0.8, 1.2),
        noise=typical.noise * rng.uniform(0.6, 1.2),
    )


def draw_sky(
    rng: np.random.Generator, light: Light, size: tuple[int, int], horizon: int
) -> Image.Image:
    """Draws gradient and clouds, an RGB picture of (height, width)."""
    height, width = size
    coarse = (max(2, height // 4), max(2, width // 4))
    rows = np.linspace(0, height / max(1, horizon), coarse[0])
    share = np.clip(rows, 0, 1)[:, None, None] ** 1.4
    sky = np.array(light.zenith) * (1 - share) + np.array(light.horizon) * share
    sky = np.broadcast_to(sky, (*coarse, 3))
    clouds = sum(
        smooth_noise(rng, coarse, (3 * 2**octave, 5 * 2**octave)) / 2**octave
        for octave in range(4)
    )
    cover = np.clip(clouds / 1.875 - 1 + light.cloudiness, 0, 0.25) * 4
    white = np.array(mix(light.horizon, (250, 250, 250), 0.6))
    sky = sky + (white - sky) * cover[..., None]
    picture = Image.fromarray(np.clip(sky, 0, 255).astype(np.uint8))
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def smooth_noise(
    rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int]
) -> np.ndarray:
    """Draws (height, width) float32 in about [0, 1] that tiles seamlessly."""
    rim = 2
    values = np.pad(rng.random(cells, np.float32), rim, mode="wrap")
    box = (rim, rim, rim + cells[1], rim + cells[0])
    picture = Image.fromarray(values)
    return np.asarray(picture.resize(size[::-1], Image.Resampling.BICUBIC, box))
