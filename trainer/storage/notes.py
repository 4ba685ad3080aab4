"""Lines for the user that are no errors."""

import sys

from schemas.failures import one_line


def say(text: str) -> None:
    """Prints a note to stderr as one line; nothing where it is empty."""
    if text:
        print(f"note: {one_line(text)}", file=sys.stderr)
