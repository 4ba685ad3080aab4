"""Flags of kinds that absl does not have: sizes and lists of numbers."""

from collections.abc import Sequence

from absl import flags

from schemas.sizes import Size
from trainer.config.sizes import format_size, parse_size


class _SizeParser(flags.ArgumentParser):
    """Reads a size flag into (height, width) or None."""

    syntactic_help = "HEIGHTxWIDTH, or none"

    def parse(self, argument: str) -> Size | None:
        return parse_size(argument)


class _SizeSerializer(flags.ArgumentSerializer):
    """Writes a size flag's value as it is given."""

    def serialize(self, value: Size | None) -> str:
        return format_size(value)


class _NumbersParser(flags.ArgumentParser):
    """Reads numbers with commas between them."""

    syntactic_help = "NUMBER,NUMBER..."

    def __init__(self, kind: type):
        super().__init__()
        self._kind = kind

    def parse(self, argument: str) -> tuple[float, ...]:
        return tuple(self._kind(part) for part in argument.split(","))


def define_size(name: str, default: Size, help_text: str) -> None:
    """Defines a flag of (height, width), or None where it says `none`."""
    flags.DEFINE(
        _SizeParser(),
        name,
        format_size(default),
        help_text,
        serializer=_SizeSerializer(),
    )


def define_numbers(
    name: str, default: Sequence[float], help_text: str, kind: type = float
) -> None:
    """Defines a flag of several numbers of a kind, a tuple of them."""
    flags.DEFINE(
        _NumbersParser(kind),
        name,
        ",".join(map(str, default)) or None,
        help_text,
        serializer=flags.ListSerializer(","),
    )
