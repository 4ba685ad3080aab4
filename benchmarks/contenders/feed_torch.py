"""Measures a PyTorch DataLoader over full-size PNGs.

    PYTHON -m benchmarks.contenders.feed_torch CITYSCAPES_ROOT NUM_WORKERS

PYTHON has torch, NumPy and Pillow installed.  Prints the images a second of
an epoch; all epochs cost the same.  The map is the recipe's, lightly tuned:
picture and label stay apart and are resized before they become arrays.
"""

import sys

import numpy as np
import torch
from PIL import Image
from torch.utils import data

from benchmarks.contenders import feeding
from benchmarks.harness import trees

_RESIZED_PX = 280
_CROP_PX = 256


class _Pairs(data.Dataset):
    """Resized, cropped and flipped pairs of the train split."""

    def __init__(self, pairs: list[trees.Pair]):
        self._pairs = pairs

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns (3, 256, 256) float32 in [-1, 1] and (256, 256) int64."""
        image_path, label_path = self._pairs[index]
        image = _read(image_path, Image.Resampling.BOX)
        label = _read(label_path, Image.Resampling.NEAREST)
        top, left = torch.randint(_RESIZED_PX - _CROP_PX + 1, (2,)).tolist()
        rows = slice(top, top + _CROP_PX)
        columns = slice(left, left + _CROP_PX)
        image, label = image[rows, columns], label[rows, columns]
        if torch.rand(()) < 0.5:
            image, label = image[:, ::-1], label[:, ::-1]
        image = torch.from_numpy(image.transpose(2, 0, 1).copy())
        return image / 127.5 - 1, torch.from_numpy(label.astype(np.int64))


def measure(cityscapes_root: str, num_workers: int) -> float:
    """Returns images a second."""
    pairs = trees.find_pairs(cityscapes_root)
    loader = data.DataLoader(
        _Pairs(pairs),
        batch_size=feeding.BATCH_SIZE,
        shuffle=True,
        num_workers=num_workers,
        drop_last=len(pairs) >= feeding.BATCH_SIZE,
    )
    return feeding.first_epoch_rate(lambda: loader, len(pairs))


def _read(path: str, resample: Image.Resampling) -> np.ndarray:
    with Image.open(path, formats=("PNG",)) as picture:
        size = (_RESIZED_PX, _RESIZED_PX)
        return np.asarray(picture.resize(size, resample))


if __name__ == "__main__":
    print(measure(sys.argv[1], int(sys.argv[2])))
