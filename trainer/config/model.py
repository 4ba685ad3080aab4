"""The options of the network."""

import dataclasses

from schemas.labels import LABEL_SPACES
from trainer.config.options import Config, option


@dataclasses.dataclass(frozen=True)
class ModelConfig(Config):
    """The network."""

    label_space: str = option(
        help="Label space; refuses a data set of another one, takes any "
        "without it",
        choices=tuple(LABEL_SPACES),
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

    @property
    def num_classes(self) -> int:
        """The number of the network's outputs."""
        return LABEL_SPACES[self.label_space].num_classes
