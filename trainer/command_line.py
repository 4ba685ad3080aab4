"""The command line: a flag for each option of each mode, and their help."""

import dataclasses
import difflib
import inspect
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from trainer.config.flag import ConfigError, Flag
from trainer.config.inference import MODES
from trainer.config.options import all_flags

_WIDTH = 79
_LONGEST_CHOICES = 50


@dataclasses.dataclass(frozen=True)
class Command:
    """A parsed command line.

    Attributes:
        mode: A key of `MODES`.
        given: The flags that the user gave: name → value.
        wants_help: Whether to print `help_text` and do nothing.
    """

    mode: str
    given: Mapping[str, Any]
    wants_help: bool = False


class _Parser(flags.ArgumentParser):
    """Reads a flag by its field's type; absl takes what modes have alike."""

    def __init__(self, flag: Flag):
        super().__init__()
        self._flag = flag

    def parse(self, argument: str) -> Any:
        return self._flag.parse(argument)


def parse(argv: Sequence[str]) -> Command:
    """Reads a command line, and the files of flags that it names.

    Args:
        argv: The program and its arguments.

    Raises:
        ConfigError: A flag is unknown, or of another mode, or its value is
            not of its type.
    """
    known = flags.FlagValues()
    flags.DEFINE_enum("mode", "train", list(MODES), "", known)
    flags.DEFINE_bool("help", False, "", known, short_name="h")
    for config in MODES.values():
        for name, flag in all_flags(config).items():
            if name in known:
                continue
            if flag.kind is bool:
                flags.DEFINE_bool(name, None, "", known)
            else:
                flags.DEFINE(_Parser(flag), name, None, "", known)
    try:
        extra = known(list(argv))[1:]
    except flags.CantOpenFlagFileError as error:
        raise ConfigError(
            f"--flagfile cannot be read: {error.__cause__ or error}"
        ) from error
    except flags.UnrecognizedFlagError as error:
        near = difflib.get_close_matches(error.flagname, known, 1)
        hint = f"; did you mean --{near[0]}?" if near else ", see --help"
        raise ConfigError(f"unknown flag --{error.flagname}{hint}") from error
    except flags.Error as error:
        raise ConfigError(str(error)) from error
    if extra:
        raise ConfigError(
            f"unexpected argument {extra[0]!r}; flags are --name=value"
        )
    given: dict[str, Any] = {
        name: known[name].value for name in known if known[name].present
    }
    wants_help = bool(given.pop("help", False))
    mode = given.pop("mode", "train")
    if not wants_help:
        _check_mode(mode, given)
    return Command(mode, given, wants_help)


def help_text(description: str) -> str:
    """Lays out all flags by mode, with their defaults."""
    lines = [description.strip(), "", "Any mode: --flagfile=FILE, --help"]
    for mode, config in MODES.items():
        default = " (the default)" if mode == "train" else ""
        lines += ["", f"--mode={mode}{default}"]
        owner = None
        for flag in all_flags(config).values():
            if flag.owner not in (owner, config):
                owner = flag.owner
                lines += ["", f"  {_first_line(owner)}"]
            lines += _flag_lines(flag)
    return "\n".join(lines)


def _check_mode(mode: str, given: Mapping[str, Any]) -> None:
    """Raises ConfigError where a flag does nothing in a mode."""
    own = all_flags(MODES[mode])
    for name in given:
        if name in own:
            continue
        others = [
            f"--mode={other}"
            for other, config in MODES.items()
            if name in all_flags(config)
        ]
        near = difflib.get_close_matches(name, own, 1)
        hint = f", did you mean --{near[0]}?" if near else ""
        raise ConfigError(
            f"--{name} belongs to {' and '.join(others)} and does nothing in "
            f"--mode={mode}; leave it out{hint}"
        )


def _flag_lines(flag: Flag) -> list[str]:
    words = [flag.option.help]
    shown = "" if flag.default in (None, ()) else flag.format(flag.default)
    choices = "|".join(flag.option.choices)
    if len(choices) > _LONGEST_CHOICES or isinstance(flag.default, tuple):
        words += [f"one of {choices}"] if choices else []
    elif choices:
        words += [f"default {shown}"] if shown else []
        shown = choices
    if not shown:
        shown = "PATH" if flag.option.is_path else flag.kind.__name__.upper()
    return [
        f"    --{flag.name}={shown}",
        *textwrap.wrap(
            f"{'; '.join(words)}.".replace("|", ", "),
            _WIDTH,
            initial_indent=" " * 8,
            subsequent_indent=" " * 8,
            break_on_hyphens=False,
        ),
    ]


def _first_line(config: type) -> str:
    return (inspect.getdoc(config) or "").splitlines()[0]
