"""The options of data that are not converted: where their files lie."""

import dataclasses

from schemas.layouts import table
from schemas.layouts.layout import Layout
from trainer.config.flag import ConfigError
from trainer.config.options import Config, option


@dataclasses.dataclass(frozen=True)
class LayoutConfig(Config):
    """How files are laid out below --data_dir, as the conversion has it."""

    layout: str | None = option(
        None,
        help="Where files of a --data_dir that is not converted lie; without, "
        "as those that the run's data set was converted from",
        choices=tuple(table.LAYOUTS),
    )
    image_pattern: str = option(
        "",
        help="Where pictures lie instead, like photos/{split}/{stem}.jpg",
    )
    label_pattern: str = option(
        "", help="Where label maps lie instead, by the same fields"
    )
    val_share: float | None = option(
        None,
        help="The share of frames that are val, where train and val lie "
        "together",
        at_least=0,
        at_most=1,
    )

    def check_together(self) -> None:
        """Checks that the flags describe a layout."""
        self.choose(table.CITYSCAPES)

    def choose(self, default: Layout) -> Layout:
        """Returns the layout, the default where no flag describes one.

        Raises:
            ConfigError: The flags contradict each other.
        """
        if not (self.layout or self.image_pattern or self.label_pattern):
            share = self.val_share
            if share is None:
                return default
            return dataclasses.replace(default, val_share=share)
        try:
            return table.choose(
                self.layout,
                self.image_pattern,
                self.label_pattern,
                self.val_share,
            )
        except ValueError as error:
            raise ConfigError(str(error)) from error
