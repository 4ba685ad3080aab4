"""The options of how training pictures are repainted; all off by default.

No TensorFlow: flags are checked before it is imported.
"""

import dataclasses

from trainer.config.options import ConfigError, check_between

MAX_RECTANGLES = 100

Shares = tuple[float, float]
"""The lowest and the highest share."""


@dataclasses.dataclass(frozen=True)
class AppearanceConfig:
    """What training pictures go through besides scale, crop and flip.

    The first three mean what torchvision's ColorJitter means by them: a
    factor is drawn from [max(0, 1 - value), 1 + value]; 0 changes nothing.

    Attributes:
        brightness: Of the factor that multiplies every value.
        contrast: Of the factor of the distance to the picture's mean grey.
        saturation: Of the factor of the distance to the pixel's own grey.
        coarse_dropout: Rectangles of a picture that are painted over; their
            labels stay, so that the network learns from what surrounds them.
        coarse_dropout_size: The shortest and the longest side of these, as
            shares of the crop's.
    """

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    coarse_dropout: int = 0
    coarse_dropout_size: Shares = (0.1, 0.2)

    def __post_init__(self) -> None:
        """Checks the values."""
        for flag in ("brightness", "contrast", "saturation"):
            check_between(flag, getattr(self, flag), 0, 10)
        check_between("coarse_dropout", self.coarse_dropout, 0, MAX_RECTANGLES)
        sizes = self.coarse_dropout_size
        if not (len(sizes) == 2 and 0 < sizes[0] <= sizes[1] <= 1):
            raise ConfigError(
                f"--coarse_dropout_size={','.join(map(str, sizes))} must be "
                "the shortest and the longest side as shares of the crop's, "
                "above 0 and at most 1, like 0.1,0.2"
            )

    @property
    def changes_colors(self) -> bool:
        """Whether any colour is other than the stored one."""
        return bool(self.brightness or self.contrast or self.saturation)
