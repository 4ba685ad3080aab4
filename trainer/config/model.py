"""The options of the network."""

import dataclasses

from schemas.labels import LABEL_SPACES
from trainer.config.options import check_at_least, check_choice, check_share


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """What decides the network.

    Attributes:
        label_space: The ids that it tells apart, a key of `LABEL_SPACES`.
        base_filters: The width of the first level; each level doubles it.
        batch_norm_momentum: What batch normalization's averages, which
            scores and saved models use, keep of themselves at a step; a run
            of less than a few hundred steps wants 0.9.
    """

    label_space: str
    base_filters: int = 64
    batch_norm_momentum: float = 0.99

    def __post_init__(self) -> None:
        """Checks the values."""
        check_choice("label_space", self.label_space, tuple(LABEL_SPACES))
        check_at_least("base_filters", self.base_filters, 1)
        check_share("batch_norm_momentum", self.batch_norm_momentum)

    @property
    def num_classes(self) -> int:
        """The number of the network's outputs."""
        return LABEL_SPACES[self.label_space].num_classes
