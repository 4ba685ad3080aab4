"""The command that converts a Cityscapes tree to sharded TFRecords.

Whatever takes time to import is imported where Ctrl-C ends in one line.
"""

import sys
from collections.abc import Sequence

from schemas import failures
from schemas.failures import Advice

_ADVICE = Advice(
    memory="use fewer --workers; finished shards are kept, and the same "
    "command continues",
    interrupted="finished shards are kept, and the same command continues",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""

    def body() -> None:
        from preprocess.commands import convert

        convert.run(sys.argv if argv is None else argv)

    return failures.exit_code(body, _ADVICE)


def cli() -> None:
    """Runs the command as a process of its own."""
    failures.leave(main())


if __name__ == "__main__":
    cli()
