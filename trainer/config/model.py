"""The options of the network."""

import dataclasses
from collections.abc import Mapping

from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import SPACES, LabelSpace, LabelTable
from trainer.config.encoders import ENCODERS, IMAGENET, NO_ENCODER, NUM_LEVELS
from trainer.config.flag import ConfigError
from trainer.config.options import Config, option
from trainer.config.sizes import SIZE_FACTOR


@dataclasses.dataclass(frozen=True)
class ModelConfig(Config):
    """The network."""

    label_space: str = option(
        help="Label space; refuses a data set of another one, takes any "
        "without it",
        choices=SPACES,
    )
    base_filters: int = option(
        64,
        help="Filters of the first level; each level doubles them",
        at_least=1,
        at_most=1024,
    )
    batch_norm_momentum: float = option(
        0.99,
        help="Momentum of batch normalization's averages; 0.9 for runs of less "
        "than a few hundred steps",
        at_least=0,
        below=1,
    )

    encoder: str = option(
        NO_ENCODER,
        help="Encoder of the U-Net; none: the recipe's network",
        choices=(NO_ENCODER, *ENCODERS),
    )
    encoder_weights: str = option(
        IMAGENET,
        help="Weights that the encoder begins with: imagenet, none or the path "
        "of a file (.pth for efficientnet_lite0, else .h5)",
        is_path=True,
    )
    encoder_learning_rate: float = option(
        1.0,
        help="Learning rate of the encoder, as a factor of --learning_rate; 0 "
        "freezes it, its batch normalization included",
        at_least=0,
        at_most=1,
    )
    freeze_encoder_epochs: int = option(
        0,
        help="Epochs before the encoder learns; until then it stays as it is, "
        "its batch normalization included",
        at_least=0,
    )
    decoder_filters: tuple[int, ...] = option(
        (256, 128, 64, 32, 16),
        help="Filters of the decoder's five levels, of a U-Net with an encoder",
        at_least=1,
        at_most=1024,
        example="256,128,64,32,16",
    )

    labels: LabelTable = CITYSCAPES
    """The data set's table of classes; no flag changes it."""

    def check_together(self) -> None:
        """Checks the decoder's levels, and what freezes the encoder."""
        if len(self.decoder_filters) != NUM_LEVELS:
            given = ",".join(map(str, self.decoder_filters))
            raise ConfigError(
                f"--decoder_filters={given} must be {NUM_LEVELS} numbers, like "
                "256,128,64,32,16"
            )
        if not self.freeze_encoder_epochs:
            return
        frozen = f"--freeze_encoder_epochs={self.freeze_encoder_epochs}"
        if self.encoder == NO_ENCODER:
            raise ConfigError(
                f"{frozen} does nothing without an encoder; leave it out, or "
                "give --encoder"
            )
        if not self.encoder_learning_rate:
            raise ConfigError(
                f"{frozen} does nothing with --encoder_learning_rate=0, which "
                "freezes the encoder for all epochs; leave out one of them"
            )

    def idle_flags(self) -> Mapping[str, str]:
        """Returns the flags of the other kind of network."""
        if self.encoder == NO_ENCODER:
            why = "without an encoder; leave it out, or give --encoder"
            return dict.fromkeys(
                ("encoder_learning_rate", "decoder_filters"), why
            )
        why = f"with --encoder={self.encoder}; leave it out"
        return {"base_filters": f"{why}, or give --decoder_filters"}

    def freezes_encoder(self, epoch: int) -> bool:
        """Whether the encoder stays as it is in an epoch, counted from 0."""
        return (
            self.encoder_learning_rate == 0
            or epoch < self.freeze_encoder_epochs
        )

    @property
    def size_factor(self) -> int:
        """What both sides of the network's pictures have to divide by."""
        return SIZE_FACTOR if self.encoder == NO_ENCODER else 1 << NUM_LEVELS

    @property
    def is_narrow(self) -> bool:
        """Whether its layers have few filters, less than 16 at the first."""
        return self.encoder == NO_ENCODER and self.base_filters < 16

    @property
    def space(self) -> LabelSpace:
        """The ids that the network tells apart."""
        return self.labels.space(self.label_space)

    @property
    def num_classes(self) -> int:
        """The number of the network's outputs."""
        return self.space.num_classes
