"""What the writers of all export formats start from."""

import dataclasses
import functools
from collections.abc import Callable, Iterable

import keras
import numpy as np

from schemas.sizes import Size
from trainer.config.inference import InferenceConfig
from trainer.models.saved import Network
from trainer.serving.fixed_size import build_fixed_size

Apply = Callable[[np.ndarray], np.ndarray]
"""(H, W, 3) uint8 picture → (H, W) integer labelIds."""


@dataclasses.dataclass(frozen=True, eq=False)
class ExportJob:
    """A network and how it is applied.

    Attributes:
        network: The network.
        inference: How it is applied.
        input_size: (height, width) of the pictures that files of one size
            take.
        seen: (C,) bool, the ids that may be predicted; None for all.
        calibration: Gives some training pictures, (H, W, 3) uint8 of
            `input_size`.
    """

    network: Network
    inference: InferenceConfig
    input_size: Size
    seen: np.ndarray | None
    calibration: Callable[[], Iterable[np.ndarray]]

    @functools.cached_property
    def fixed_size(self) -> keras.Model:
        """The model of pictures of one size; see `build_fixed_size`."""
        return build_fixed_size(
            self.network, self.inference, self.input_size, self.seen
        )
