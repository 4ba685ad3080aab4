"""Flags that are Beam's: parsed, and refused where Beam has none such."""

import contextlib
import difflib
from collections.abc import Sequence
from typing import NoReturn

from apache_beam.options import pipeline_options

from schemas.failures import FlagError


class _FlagParser(pipeline_options._BeamArgumentParser):
    """Raises what is wrong, where argparse would exit."""

    def error(self, message: str) -> NoReturn:
        """Raises FlagError."""
        raise FlagError(message)


class _Options(pipeline_options.PipelineOptions):
    """Options whose views are made once.

    Beam declares and parses all flags of a view anew each time that it looks
    at one: 300 times while this job's graph is built.
    """

    def __init__(self, arguments: Sequence[str]):
        """Takes the flags."""
        object.__setattr__(self, "_views", {})  # Beam's own takes flags only.
        super().__init__(list(arguments))

    @classmethod
    def _add_argparse_args(
        cls, parser: pipeline_options._BeamArgumentParser
    ) -> None:
        """Declares no flags; Beam asks each of its subclasses."""

    def view_as(
        self, cls: type[pipeline_options.PipelineOptionsT]
    ) -> pipeline_options.PipelineOptionsT:
        """Returns the view of a kind; all share their values."""
        if cls not in self._views:
            self._views[cls] = super().view_as(cls)
        return self._views[cls]


def parse(
    arguments: Sequence[str], own_names: Sequence[str]
) -> pipeline_options.PipelineOptions:
    """Parses the flags that are not this project's.

    Args:
        arguments: `--name=value` or `--name value`.
        own_names: The names of this project's flags, to suggest from.

    Raises:
        FlagError: One is not Beam's either; suggests the nearest.
    """
    if any("dask" in argument.lower() for argument in arguments):
        _import_dask_options()
    parser = _FlagParser(add_help=False, allow_abbrev=False)
    for known in pipeline_options.PipelineOptions.__subclasses__():
        if hasattr(known, "_add_argparse_args"):
            known._add_argparse_args(parser)
    _, unknown = parser.parse_known_args(list(arguments))
    if unknown:
        names = [f"--{name}" for name in own_names]
        names += parser._option_string_actions
        wrong = unknown[0].partition("=")[0]
        near = difflib.get_close_matches(wrong, names, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise FlagError(f"unknown flag {wrong}{hint}")
    return _Options(arguments)


def _import_dask_options() -> None:
    """Makes Dask's flags known, which Beam declares beside its runner."""
    with contextlib.suppress(ImportError):  # Said before the job begins.
        import apache_beam.runners.dask.dask_runner  # noqa: F401
