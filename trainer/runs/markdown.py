"""Words and tables in Markdown, of names that may hold anything."""

import re
from collections.abc import Sequence

from schemas.failures import one_line

_MARKS = re.compile(r"([\\`*_\[\]<>|#&])")


def plain(text: str) -> str:
    """Writes words that Markdown shows as they are, in one line."""
    return _MARKS.sub(r"\\\1", one_line(text))


def code(text: str) -> str:
    """Writes a name in the type of code; backticks become apostrophes."""
    word = one_line(text).replace("`", "'").replace("|", "/")
    return f"`{word}`"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Writes a table; the first row is its head, numbers lie to the right.

    Args:
        rows: Cells, as many in each row.
    """
    rule = ["---", *["---:"] * (len(rows[0]) - 1)]
    lines = [[plain(cell) for cell in row] for row in rows]
    lines.insert(1, rule)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
