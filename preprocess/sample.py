"""The command that draws a synthetic Cityscapes tree.

Whatever takes time to import is imported where Ctrl-C ends in one line.
"""

import sys
from collections.abc import Sequence

from preprocess.errors import TREE_ADVICE
from schemas import failures


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""

    def body() -> None:
        from preprocess.commands import sample

        sample.run(argv)

    return failures.exit_code(body, TREE_ADVICE)


if __name__ == "__main__":
    sys.exit(main())
