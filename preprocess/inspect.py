"""The command that says what a conversion would find.

Whatever takes time to import is imported where Ctrl-C ends in one line.
"""

import sys
from collections.abc import Sequence

from schemas import failures
from schemas.failures import Advice

_ADVICE = Advice(
    memory="close other programs", interrupted="run the same command again"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""

    def body() -> int:
        from preprocess.commands import inspect

        return inspect.run(sys.argv if argv is None else argv)

    return failures.exit_code(body, _ADVICE)


def cli() -> None:
    """Runs the command as a process of its own."""
    failures.leave(main())


if __name__ == "__main__":
    cli()
