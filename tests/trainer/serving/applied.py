"""What prediction says of pictures, for comparison with exported files."""

import dataclasses

import numpy as np

from tests.stand_ins.color_network import of_cityscapes
from trainer.config.inference import InferenceConfig
from trainer.inference.predictor import Predictor, resize_picture

CROP = (48, 64)
CONFIGS = {
    "sliding": InferenceConfig(resize=None, crop=CROP),
    "whole": InferenceConfig(resize=None, crop=CROP, inference="whole"),
    "resized": InferenceConfig(resize=(60, 80), crop=CROP),
    "portrait": InferenceConfig(resize=(150, 90), crop=CROP),
    "averaged": InferenceConfig(
        resize=None, crop=CROP, flip_average=True, scales=(0.5, 1.2, 1.0)
    ),
}
"""Name → how a network is applied to pictures of about 100x170."""


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    image: np.ndarray


def texture(size, seed=0):
    small = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), np.uint8)
    return resize_picture(small, size)


def predicted(network, config, images, seen=None):
    """Returns the labelIds that --mode=predict gives."""
    predictor = Predictor(of_cityscapes(network), config, seen)
    pictures = predictor.predict(map(Picture, images))
    return [label_ids for _, label_ids in pictures]
