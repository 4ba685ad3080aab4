"""The command that sets runs side by side.

Whatever takes time to import is imported where Ctrl-C ends in one line.
"""

from collections.abc import Sequence

from schemas import failures
from schemas.failures import Advice

_ADVICE = Advice(
    memory="compare fewer runs at a time", interrupted="nothing was written"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""

    def body() -> None:
        from trainer.comparison import command

        command.run(arguments)

    return failures.exit_code(body, _ADVICE)


def cli() -> None:
    """Runs the command as a process of its own."""
    failures.leave(main())


if __name__ == "__main__":
    cli()
