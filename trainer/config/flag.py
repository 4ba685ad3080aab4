"""One flag: its type, default, help and bounds; parsed, shown and checked."""

import dataclasses
import math
import os
import types
import typing
from typing import Any

from schemas.failures import FlagError
from schemas.sizes import Size
from trainer.config.sizes import NONE, format_size, parse_size

MAX_SIDE_PX = 1 << 15
"""Of any size that a flag gives."""


class ConfigError(FlagError):
    """A flag's value cannot be used."""


@dataclasses.dataclass(frozen=True)
class Option:
    """What is known of a flag beside its name, type and default.

    Attributes:
        help: What it does, for --help.
        choices: The values that it takes; any where empty.
        at_least: The lowest number that it takes, as the next three of each
            of several numbers.
        above: What its number has to be above.
        at_most: The highest number that it takes.
        below: What its number has to be below.
        length: How many numbers it takes, rising; None for any number.
        example: Values in an error's words, like `0.5,2.0`.
        required: What is missing where it is not given; empty: nothing is.
        is_path: Whether a leading ~ is the user's home folder.
        may_change: Whether a run resumes with another value.
        may_be_declared: Whether it does so where --allow_changes names it.
    """

    help: str
    choices: tuple[str, ...] = ()
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    length: int | None = None
    example: str = ""
    required: str = ""
    is_path: bool = False
    may_change: bool = False
    may_be_declared: bool = False

    def accepts(self, number: float) -> bool:
        """Returns whether a number is finite and within the bounds."""
        return (
            math.isfinite(number)
            and (self.at_least is None or number >= self.at_least)
            and (self.above is None or number > self.above)
            and (self.at_most is None or number <= self.at_most)
            and (self.below is None or number < self.below)
        )

    @property
    def bounds(self) -> str:
        """The bounds in words, like `at least 1 and below 5`."""
        parts = (
            ("at least", self.at_least),
            ("above", self.above),
            ("at most", self.at_most),
            ("below", self.below),
        )
        said = [f"{word} {limit}" for word, limit in parts if limit is not None]
        return " and ".join(said) or "finite"


@dataclasses.dataclass(frozen=True)
class Flag:
    """A field as a flag.

    Attributes:
        name: The field's name.
        hint: The field's type.
        default: Its value where nothing is given.
        option: What else is known of it.
        owner: The configuration that it is a field of.
    """

    name: str
    hint: Any
    default: Any
    option: Option
    owner: type

    def parse(self, text: str) -> Any:
        """Reads a value as it is written on a command line.

        Raises:
            ValueError: It is no value of the flag's type.
        """
        if self.hint in (Size, Size | None):
            return parse_size(text)
        if text == NONE and types.NoneType in typing.get_args(self.hint):
            return None
        if typing.get_origin(self.hint) is tuple:
            return tuple(self.kind(part) for part in text.split(",") if part)
        if self.kind is bool:
            return _parse_bool(text)
        if self.option.is_path:
            if not text and not self.option.required:
                raise ValueError("no path; give one, or leave the flag out")
            return os.path.expanduser(text)
        return self.kind(text)

    @property
    def kind(self) -> type:
        """The plain type: that of X, of `X | None`, of each of a tuple."""
        hint = self.hint
        if isinstance(hint, types.UnionType):
            hint = typing.get_args(hint)[0]
        if typing.get_origin(hint) is tuple:
            hint = typing.get_args(hint)[0]
        return hint

    def format(self, value: Any) -> str:
        """Writes a value as it is given on a command line."""
        if value is None:
            return NONE
        if self.hint in (Size, Size | None):
            return format_size(value)
        if isinstance(value, tuple):
            return ",".join(map(str, value))
        return str(value).lower() if isinstance(value, bool) else str(value)


def check(flag: Flag, value: Any) -> None:
    """Raises ConfigError where a value is outside of what a flag takes."""
    option, given = flag.option, f"--{flag.name}={flag.format(value)}"
    if option.required and not value:
        raise ConfigError(f"--{flag.name} is missing: {option.required}")
    if value is None:
        if flag.hint == Size:
            raise ConfigError(
                f"{given} is not a size; give HEIGHTxWIDTH, like 256x256"
            )
        return
    parts = value if isinstance(value, tuple) else (value,)
    if not all(_is_of(flag.kind, part) for part in parts):
        raise ConfigError(f"{given} is not of type {flag.kind.__name__}")
    for choice in parts:
        if option.choices and choice not in option.choices:
            raise ConfigError(
                f"--{flag.name}={choice} is not one of "
                f"{', '.join(option.choices)}"
            )
    fits = all(option.accepts(n) for n in parts if _is_number(n))
    if flag.hint in (Size, Size | None):
        wanted = f"HEIGHTxWIDTH, each side from 1 to {MAX_SIDE_PX} pixels"
        fits = len(parts) == 2 and all(1 <= n <= MAX_SIDE_PX for n in parts)
    elif isinstance(value, tuple):
        wanted = f"numbers {option.bounds}"
        if option.choices:
            wanted = f"one or more of {', '.join(option.choices)}"
        if option.length is not None and value != flag.default:
            wanted = f"{option.length} rising {wanted}"
            fits &= len(value) == option.length and list(value) == sorted(value)
        fits &= bool(value) or value == flag.default
    else:
        wanted = option.bounds
    if not fits:
        example = f", like {option.example}" if option.example else ""
        raise ConfigError(f"{given} must be {wanted}{example}")


def _parse_bool(text: str) -> bool:
    try:
        return {"true": True, "false": False}[text.lower()]
    except KeyError:
        raise ValueError(f"{text!r} is not true or false") from None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_of(kind: type, value: Any) -> bool:
    """Returns whether a value is of a flag's type; a float may be whole."""
    if kind in (int, float):
        return _is_number(value) and isinstance(value, int | kind)
    return isinstance(value, kind)
