"""The command line: a flag for each option of each mode, and their help."""

import dataclasses
import difflib
import inspect
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from schemas.failures import flag_file_problem
from trainer.config.flag import ConfigError, Flag
from trainer.config.inference import MODES
from trainer.config.options import all_flags

_WIDTH = 79
_LONGEST_CHOICES = 50
_ANY_MODE = """\
Any mode: --flagfile=FILE, --help.  What evaluate, predict and export are not
given is that of the run, where it has such a flag."""


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
    except (flags.CantOpenFlagFileError, UnicodeDecodeError) as error:
        raise ConfigError(flag_file_problem(error, argv)) from error
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
    """Lays out each flag once, below the modes that take it."""
    lines = [description.strip(), "", _ANY_MODE]
    flags_of = _flags_by_name()
    names_of: dict[tuple[str, ...], list[str]] = {}
    for name, flag_of in flags_of.items():
        names_of.setdefault(tuple(flag_of), []).append(name)
    for modes in sorted(names_of, key=len, reverse=True):
        lines += ["", _heading(modes)]
        owner = None
        for name in names_of[modes]:
            flag = flags_of[name][modes[0]]
            if len(modes) == 1 and flag.owner not in (owner, MODES[modes[0]]):
                owner = flag.owner
                lines += ["", f"  {_first_line(owner)}"]
            lines += _flag_lines(flags_of[name])
    return "\n".join(lines)


def _flags_by_name() -> dict[str, dict[str, Flag]]:
    """Returns all flags: name → mode → the flag as that mode has it."""
    found: dict[str, dict[str, Flag]] = {}
    for mode, config in MODES.items():
        for name, flag in all_flags(config).items():
            found.setdefault(name, {})[mode] = flag
    return found


def _heading(modes: Sequence[str]) -> str:
    *others, last = modes
    if not others:
        return f"--mode={last}{' (the default)' * (last == 'train')}"
    return f"--mode={', '.join(others)} or {last}"


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


def _flag_lines(flag_of: Mapping[str, Flag]) -> list[str]:
    """Lays out a flag; what modes make of it, where it is not the same.

    Args:
        flag_of: Mode → the flag.
    """
    first = next(iter(flag_of.values()))
    value = default = _default(first)
    if not all(_default(flag) == default for flag in flag_of.values()):
        value = ""
    if not value or _choices(first):
        value = _placeholder(first)
    modes_of: dict[str, list[str]] = {}
    for mode, flag in flag_of.items():
        text = _meaning(flag, says_default=value != default)
        modes_of.setdefault(text, []).append(mode)
    lines = [f"    --{first.name}={value}"]
    for text, modes in modes_of.items():
        prefix = f"{', '.join(modes)}: " if len(modes_of) > 1 else ""
        lines += textwrap.wrap(
            prefix + text,
            _WIDTH,
            initial_indent=" " * 8,
            subsequent_indent=" " * 8,
            break_on_hyphens=False,
        )
    return lines


def _meaning(flag: Flag, says_default: bool) -> str:
    words = [flag.option.help]
    if flag.option.choices and not _choices(flag):
        words.append(f"one of {', '.join(flag.option.choices)}")
    if says_default and _default(flag):
        words.append(f"default {_default(flag)}")
    return f"{'; '.join(words)}."


def _default(flag: Flag) -> str:
    return "" if flag.default in (None, ()) else flag.format(flag.default)


def _choices(flag: Flag) -> str:
    """Returns a flag's choices, if it takes one of a few."""
    choices = "|".join(flag.option.choices)
    few = len(choices) <= _LONGEST_CHOICES
    return choices if few and not isinstance(flag.default, tuple) else ""


def _placeholder(flag: Flag) -> str:
    if choices := _choices(flag):
        return choices
    return "PATH" if flag.option.is_path else flag.kind.__name__.upper()


def _first_line(config: type) -> str:
    return (inspect.getdoc(config) or "").splitlines()[0]
