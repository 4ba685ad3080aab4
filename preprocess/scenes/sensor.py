"""The surfaces, air and sensor of a drawn street scene."""

import numpy as np

from preprocess.scenes.canvas import LABEL_IDS, Camera, Canvas
from preprocess.scenes.light import smooth_noise

_GROUND = ("road", "sidewalk", "parking", "rail track", "terrain", "ground")
_ROUGHNESS = {
    "vegetation": 0.34,
    "terrain": 0.30,
    "road": 0.11,
    "sidewalk": 0.10,
    "parking": 0.11,
    "rail track": 0.12,
    "ground": 0.14,
    "wall": 0.10,
    "building": 0.045,
    "fence": 0.05,
    "person": 0.06,
    "rider": 0.06,
    "sky": 0.0,
}
"""How strongly each class's surface varies; 0.03 where not named."""

_TILE = 512
_GRAINS_PER_M = 56


def develop(
    rng: np.random.Generator,
    drawn: tuple[np.ndarray, np.ndarray, np.ndarray],
    canvas: Canvas,
) -> np.ndarray:
    """Adds surfaces, shadows, haze on the ground, exposure and noise.

    Args:
        rng: The scene's random numbers.
        drawn: What `Canvas.finish` returned.
        canvas: What it was drawn on; its camera and light are used.

    Returns:
        (H, W, 3) uint8 in [0, 255].
    """
    image, label, shadow = drawn
    camera, light = canvas.camera, canvas.light
    height, width = label.shape
    first = min(height, max(0, int(camera.horizon_px) + 1))
    roughness = np.full(256, 0.03, np.float32)
    for name, value in _ROUGHNESS.items():
        roughness[LABEL_IDS[name]] = value
    tile = _grain_tile(rng)
    grain = np.tile(tile, (-(-height // _TILE), -(-width // _TILE)))
    grain = grain[:height, :width]
    on_ground = np.isin(label[first:], [LABEL_IDS[name] for name in _GROUND])
    depth = _row_depths(camera, first, height)
    grain[first:] = np.where(
        on_ground, _ground_grain(tile, camera, depth, width), grain[first:]
    )
    faint = np.clip((235 - image[..., 1].astype(np.float32)) / 120, 0.15, 1)
    gain = 1 + grain * roughness[label] * faint
    gain[first:] *= 1 - on_ground * (shadow[first:] / np.float32(255))
    pixels = image * gain[..., None]
    fade = on_ground * (1 - np.exp(-light.haze_per_m * depth))[:, None]
    haze = np.array(light.horizon, np.float32)
    pixels[first:] += (haze - pixels[first:]) * fade[..., None]
    pixels *= np.array(light.tint, np.float32) * np.float32(light.exposure)
    pixels *= _vignette(height, width)[..., None]
    noise = rng.standard_normal((height, width), np.float32)
    pixels += (noise * np.float32(light.noise))[..., None]
    return np.clip(pixels + 0.5, 0, 255).astype(np.uint8)


def _row_depths(camera: Camera, first: int, height: int) -> np.ndarray:
    """Returns the ground's depth in metres on each row below the horizon."""
    below = np.arange(first, height, dtype=np.float32) + 0.5
    below = np.maximum(below - np.float32(camera.horizon_px), 0.1)
    return np.float32(camera.focal_px * camera.height_m) / below


def _ground_grain(
    tile: np.ndarray, camera: Camera, depth: np.ndarray, width: int
) -> np.ndarray:
    """Lays the grain flat on the ground, calmer far away."""
    columns = np.arange(width, dtype=np.float32) - np.float32(camera.center_px)
    along = (depth * _GRAINS_PER_M).astype(np.int32) % _TILE
    across = columns * (depth / np.float32(camera.focal_px))[:, None]
    right = (across * _GRAINS_PER_M).astype(np.int32) % _TILE
    return tile[along[:, None], right] * np.exp(-depth / 30)[:, None]


def _grain_tile(rng: np.random.Generator) -> np.ndarray:
    """Draws (512, 512) float32 of fine and coarse variation around 0."""
    tile = 0.15 * rng.standard_normal((_TILE, _TILE), np.float32)
    for cells, strength in ((128, 1.1), (32, 1.0), (7, 0.6)):
        smooth = smooth_noise(rng, (_TILE, _TILE), (cells, cells))
        tile += (smooth - np.float32(0.5)) * np.float32(2 * strength)
    return tile


def _vignette(height: int, width: int) -> np.ndarray:
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)
    return 1 - np.float32(0.09) * (rows**2 + columns**2)
