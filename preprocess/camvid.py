"""The command that lays the CamVid set out as a Cityscapes tree.

Whatever takes time to import is imported where Ctrl-C ends in one line.
"""

from collections.abc import Sequence

from preprocess.errors import TREE_ADVICE
from schemas import failures


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""

    def body() -> None:
        from preprocess.commands import camvid

        camvid.run(argv)

    return failures.exit_code(body, TREE_ADVICE)


def cli() -> None:
    """Runs the command as a process of its own."""
    failures.leave(main())


if __name__ == "__main__":
    cli()
