"""The command that checks a finished data set.

Whatever takes time to import is imported where Ctrl-C ends in one line.
"""

from collections.abc import Sequence

from schemas import failures
from schemas.failures import Advice

_ADVICE = Advice(
    memory="close other programs", interrupted="run the same command again"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""

    def body() -> int:
        from preprocess.commands import verify

        return verify.run(arguments)

    return failures.exit_code(body, _ADVICE)


def cli() -> None:
    """Runs the command as a process of its own."""
    failures.leave(main())


if __name__ == "__main__":
    cli()
