"""The options of training data: where it is, its sizes, its augmentation."""

import dataclasses

from schemas.sizes import Size
from trainer.config.options import (
    ConfigError,
    check_between,
    check_choice,
    check_scales,
)
from trainer.config.sizes import check_crop, format_size

Scales = tuple[float, float]
"""The lowest and the highest scale."""

Shares = tuple[float, float]
"""The lowest and the highest share."""

CACHES = ("auto", "ram", "disk", "none")
MAX_RECTANGLES = 100


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


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Where the pictures come from and what size they take.

    Attributes:
        data_dir: The folder that the conversion wrote; for scores also
            Cityscapes' own folder or zips.
        train_split: The split to learn from.
        eval_split: The split to score on.
        resize: The size that every picture takes before the crop; None
            keeps the stored size.
        crop: The size of the random crop, and of validation pictures.
        random_scale: The lowest and the highest scale that training
            pictures take before the crop.
        cache: Where decoded pictures stay, one of `CACHES`.
        appearance: How training pictures are repainted after the crop.
    """

    data_dir: str
    train_split: str = "train"
    eval_split: str = "val"
    resize: Size | None = (280, 280)
    crop: Size = (256, 256)
    random_scale: Scales = (1.0, 1.0)
    cache: str = "auto"
    appearance: AppearanceConfig = AppearanceConfig()

    def __post_init__(self) -> None:
        """Checks what needs no data set."""
        if not self.data_dir:
            raise ConfigError("--data_dir is missing: the converted data set")
        check_choice("cache", self.cache, CACHES)
        check_scales("random_scale", self.random_scale)
        check_crop(self.crop)
        if self.resize and any(
            whole < part
            for whole, part in zip(self.resize, self.crop, strict=True)
        ):
            raise ConfigError(
                f"--crop={format_size(self.crop)} does not fit into "
                f"--resize={format_size(self.resize)}; make the crop smaller"
            )
