"""One field is one flag: a configuration's fields, and what follows of them.

A configuration is a frozen dataclass whose fields are made by `option`; the
flag, its check, its help and its place in config.json follow from the field.
A field that holds another configuration brings that one's flags along.
"""

import dataclasses
import functools
import typing
from collections.abc import Mapping
from typing import Any

from trainer.config import flag as flag_lib
from trainer.config.flag import Flag, Option

_KEY = "option"
_ONLY = "only"


class Config:
    """The base of configurations: checks each field, then all together.

    Raises:
        ConfigError: A value cannot be used; names the flag.
    """

    def __post_init__(self) -> None:
        """Checks the values."""
        config: type = type(self)
        for flag in own_flags(config):
            flag_lib.check(flag, getattr(self, flag.name))
        self.check_together()

    def check_together(self) -> None:
        """Raises ConfigError where fields do not fit each other."""

    def idle_flags(self) -> Mapping[str, str]:
        """Returns its flags that do nothing beside the others, and why."""
        return {}


def option(
    default: Any = dataclasses.MISSING, *, help: str, **more: Any
) -> Any:
    """Makes a field that is a flag; the arguments are those of `Option`."""
    return dataclasses.field(
        default=default, metadata={_KEY: Option(help, **more)}
    )


def same_as(config: type, name: str) -> Any:
    """Makes a field that is the same flag as another configuration's."""
    field = {f.name: f for f in dataclasses.fields(config)}[name]
    return dataclasses.field(default=field.default, metadata=field.metadata)


def part(*only: str) -> Any:
    """Makes a field of a configuration; only these flags count, or all."""
    return dataclasses.field(metadata={_ONLY: only or None})


@functools.cache
def own_flags(config: type) -> tuple[Flag, ...]:
    """Returns the flags that are fields of a configuration itself."""
    hints = typing.get_type_hints(config)
    return tuple(
        Flag(
            field.name,
            hints[field.name],
            None if field.default is dataclasses.MISSING else field.default,
            field.metadata[_KEY],
            config,
        )
        for field in dataclasses.fields(config)
        if _KEY in field.metadata
    )


def all_flags(config: type) -> dict[str, Flag]:
    """Returns the flags of a configuration and those that it holds."""
    flags = {flag.name: flag for flag in own_flags(config)}
    hints = typing.get_type_hints(config)
    for field in dataclasses.fields(config):
        if _is_config(hints[field.name]):
            only = field.metadata.get(_ONLY)
            for name, flag in all_flags(hints[field.name]).items():
                if only is None or name in only:
                    flags.setdefault(name, flag)
    return flags


def values(config: Any) -> dict[str, Any]:
    """Flattens a configuration: flag → value."""
    flat: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, Config):
            flat |= values(value)
        else:
            flat[field.name] = value
    return flat


def with_values(config: Any, given: Mapping[str, Any]) -> Any:
    """Puts given values, by flag, over those of a configuration."""
    changes = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, Config):
            changes[field.name] = with_values(value, given)
        elif field.name in given:
            changes[field.name] = given[field.name]
    return dataclasses.replace(config, **changes)


def check_used(config: Any, given: Mapping[str, Any]) -> None:
    """Checks that what is given, unless it is the default, has an effect.

    A configuration alone may hold what has none: runs of older versions do.

    Raises:
        ConfigError: A flag has none; says why.
    """
    kind: type = type(config)
    for flag in own_flags(kind):
        why = config.idle_flags().get(flag.name)
        value = given.get(flag.name, flag.default)
        if why and value != flag.default:
            raise flag_lib.ConfigError(
                f"--{flag.name}={flag.format(value)} does nothing {why}"
            )
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, Config):
            check_used(value, given)


def _is_config(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Config)
