"""Saves an untrained U-Net: its speed does not depend on its weights.

python -m benchmarks.contenders.save_network FILE.keras BASE_FILTERS
"""

import sys

from schemas.labels.cityscapes import LABEL_IDS
from trainer.models.unet import build_unet


def save(path: str, base_filters: str) -> None:
    """Saves a U-Net of 256x256 crops and the 34 labelIds."""
    network = build_unet(
        (256, 256, 3), LABEL_IDS.num_classes, int(base_filters)
    )
    network.save(path)


if __name__ == "__main__":
    save(*sys.argv[1:])
