"""The options of training data: where it is, its sizes, its augmentation."""

import dataclasses
from collections.abc import Sequence

from schemas.sizes import Size
from trainer.config.flag import ConfigError
from trainer.config.options import Config, option
from trainer.config.sizes import format_size

Bounds = tuple[float, float]
"""The lowest and the highest value."""

MAX_RECTANGLES = 100


@dataclasses.dataclass(frozen=True)
class RandomScale:
    """What the scale of a training picture is drawn from.

    Attributes:
        low: The lowest scale.
        high: The highest.
        is_log_uniform: Whether half as large is as likely as twice as large.
    """

    low: float = 1.0
    high: float = 1.0
    is_log_uniform: bool = False


@dataclasses.dataclass(frozen=True)
class AppearanceConfig(Config):
    """Augmentation of colors, and coarse dropout, after the crop.

    The first three mean what torchvision's ColorJitter means by them: a
    factor is drawn from [max(0, 1 - value), 1 + value]; 0 changes nothing.
    So does hue: a shift is drawn from [-value, value] of the hue circle.
    """

    brightness: float = option(
        0.0,
        help="Random brightness: the factor is drawn from 1 - this, but not "
        "below 0, to 1 + this",
        at_least=0,
        at_most=10,
        may_be_declared=True,
    )
    contrast: float = option(
        0.0,
        help="Random contrast: like --brightness, around the picture's mean",
        at_least=0,
        at_most=10,
        may_be_declared=True,
    )
    saturation: float = option(
        0.0,
        help="Random saturation: like --brightness, around each pixel's gray",
        at_least=0,
        at_most=10,
        may_be_declared=True,
    )
    hue: float = option(
        0.0,
        help="Random hue: the shift is drawn from minus this to this, as a "
        "share of the hue circle",
        at_least=0,
        at_most=0.5,
        may_be_declared=True,
    )
    coarse_dropout: int = option(
        0,
        help="Coarse dropout: rectangles of a training picture that are "
        "painted gray; their labels stay",
        at_least=0,
        at_most=MAX_RECTANGLES,
        may_be_declared=True,
    )
    coarse_dropout_size: Bounds = option(
        (0.1, 0.2),
        help="Shortest and longest side of these, as shares of the crop's",
        above=0,
        at_most=1,
        length=2,
        example="0.1,0.2",
        may_be_declared=True,
    )

    @property
    def changes_colors(self) -> bool:
        """Whether any color is other than the stored one."""
        return bool(
            self.brightness or self.contrast or self.saturation or self.hue
        )


@dataclasses.dataclass(frozen=True)
class RareClasses:
    """Which crops are placed on a class.

    Attributes:
        share: How many of them, 0..1.
        rarity: What the odds of each class are in proportion to, among those
            of the picture; 0: never.
    """

    share: float
    rarity: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """What training pictures go through.

    Attributes:
        crop: (height, width) of what comes out.
        scale: What the scale before the crop is drawn from.
        appearance: How pictures are repainted.
        rare: Which crops are placed on a class; None: none.
    """

    crop: Size
    scale: RandomScale = RandomScale()
    appearance: AppearanceConfig = AppearanceConfig()
    rare: RareClasses | None = None


@dataclasses.dataclass(frozen=True)
class DataConfig(Config):
    """The data set, the sizes of its pictures, augmentation."""

    data_dir: str = option(
        help="Folder that preprocess.main wrote, or several with a comma "
        "between them; evaluate takes the Cityscapes folder as well, or its "
        "zips with a comma between them",
        required="the converted data set",
        is_path=True,
        may_change=True,  # the records are compared by their checksums
    )
    train_split: str = option(
        "train",
        help="Training split, or several with a comma between them; each data "
        "set gives those that it has",
    )
    eval_split: str = option(
        "val", help="Evaluation split, of the first data set that has it"
    )
    data_weights: tuple[float, ...] = option(
        (),
        help="How often an epoch draws each record of a data set, a number "
        "each; 1 where not given",
        above=0,
        at_most=1000,
        example="1,0.5",
    )
    resize: Size | None = option(
        (280, 280),
        help="Size of every picture before the crop; none keeps the stored one",
    )
    crop: Size = option(
        (256, 256), help="Size of the random crop, and of sliding windows"
    )
    random_scale: Bounds = option(
        (1.0, 1.0),
        help="Random scale: lowest and highest, before the crop",
        at_least=0.1,
        at_most=10,
        length=2,
        example="0.5,2.0",
        may_be_declared=True,
    )
    random_scale_distribution: str = option(
        "uniform",
        help="What --random_scale is drawn from; log_uniform: half as large "
        "is as likely as twice as large",
        choices=("uniform", "log_uniform"),
        may_be_declared=True,
    )
    rare_class_crops: float = option(
        0.0,
        help="Share of the crops that are placed on a pixel of a class, drawn "
        "among those of the picture by its rarity in training",
        at_least=0,
        at_most=1,
        may_be_declared=True,
    )
    cache: str = option(
        "auto",
        help="Where decoded pictures are cached; auto: in memory where they "
        "fit, else on disk what is slow to decode",
        choices=("auto", "ram", "disk", "none"),
        may_change=True,
    )
    appearance: AppearanceConfig = AppearanceConfig()

    def augmentation(self, rarity: Sequence[float] = ()) -> Augmentation:
        """Returns what training pictures go through.

        Args:
            rarity: Of each class, as `RareClasses` has it; for
                --rare_class_crops alone.
        """
        is_log_uniform = self.random_scale_distribution == "log_uniform"
        rare = RareClasses(self.rare_class_crops, tuple(rarity))
        return Augmentation(
            self.crop,
            RandomScale(*self.random_scale, is_log_uniform),
            self.appearance,
            rare if self.rare_class_crops else None,
        )

    def check_together(self) -> None:
        """Checks the crop against the resize."""
        if self.resize and any(
            whole < part
            for whole, part in zip(self.resize, self.crop, strict=True)
        ):
            raise ConfigError(
                f"--crop={format_size(self.crop)} does not fit into "
                f"--resize={format_size(self.resize)}; make the crop smaller"
            )


def check_crop(crop: Size, factor: int) -> None:
    """Raises ConfigError where a network cannot take a crop's size.

    Args:
        crop: Height and width.
        factor: What both have to divide by, a power of two.
    """
    if any(side % factor for side in crop):
        raise ConfigError(
            f"--crop={format_size(crop)}: both sides must divide by {factor}, "
            f"because the network halves them {factor.bit_length() - 1} times"
        )


def steps_per_epoch(num_examples: int, batch_size: int) -> int:
    """Returns the number of full batches in an epoch, at least one."""
    return max(1, num_examples // batch_size)
