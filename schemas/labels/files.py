"""Label tables as people write them: CSV, or what CVAT exports.

CSV has a header with `name` and `id`, and may have `train_id`, `category` and
`color`.  `label_colors.txt`, as CVAT and Datumaro export it, has a line
`red green blue name` of each class, `labelmap.txt` one that begins
`name:red,green,blue:`; the first is id 0.  Lines that begin with `#` are
comments.
"""

import csv
import dataclasses
import re
from collections.abc import Iterator

from schemas.labels.colors import distinct_color
from schemas.labels.rows import IGNORE_ID, Label, find_problem
from schemas.labels.table import LabelTable

_Line = tuple[int, str]
"""(its number from 1, its text)."""

_MAX_CHARACTERS = 1 << 20
_MAX_QUOTED = 80
_COLORED_LINES = (
    re.compile(
        r"(?P<red>\d{1,3})\s+(?P<green>\d{1,3})\s+(?P<blue>\d{1,3})\s+"
        r"(?P<name>\S.*)",
        re.ASCII,
    ),
    re.compile(
        r"(?P<name>[^:]+):(?P<red>\d{1,3}),(?P<green>\d{1,3}),"
        r"(?P<blue>\d{1,3}):.*",
        re.ASCII,
    ),
)
"""Those of label_colors.txt and of labelmap.txt."""

_THREE_NUMBERS = re.compile(
    r"\D*(\d{1,3})\D+(\d{1,3})\D+(\d{1,3})\D*", re.ASCII
)
_COMMENT = re.compile(r"\s*#(?![0-9a-fA-F]{6}\b)")
"""No color, which may stand in the first column."""

_DELIMITERS = (",", ";", "\t")
_NEEDED = ("name", "id")
_COLUMNS = (*_NEEDED, "train_id", "category", "color")
_SPELLINGS = {"trainid": "train_id", "colour": "color"}
_IGNORED = ("", "-1", "255", "ignore", "ignored", "none")
"""What stands for the train id of a class that is not evaluated."""


def parse(text: str) -> LabelTable:
    """Reads a table in any of the formats.

    Raises:
        ValueError: It is in none, or its rows are no table; names the
            line.
    """
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(f"a label table of {len(text)} characters")
    text = text.removeprefix("\ufeff")  # what some editors begin a file with
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not _COMMENT.match(line)
    ]
    if not lines:
        raise ValueError("it holds no class")
    numbered = list(_colored_rows(lines) or _csv_rows(lines))
    rows = [row for _, row in numbered]
    if problem := find_problem(rows):
        index, reason = problem
        number = numbered[index][0] if numbered else lines[-1][0]
        raise ValueError(f"line {number}: {reason}")
    return LabelTable(tuple(sorted(rows, key=lambda row: row.label_id)))


def _colored_rows(lines: list[_Line]) -> list[tuple[int, Label]]:
    """Reads (number of its line, class) of one of `_COLORED_LINES`.

    Returns:
        Nothing where the first line is none of these.
    """
    first = lines[0][1].strip()
    patterns = [p for p in _COLORED_LINES if p.fullmatch(first)]
    if not patterns:
        return []
    pattern = patterns[0]
    rows = []
    for index, (number, line) in enumerate(lines):
        found = pattern.fullmatch(line.strip())
        if not found:
            raise ValueError(
                f"line {number}: {line[:_MAX_QUOTED]!r} is not like line "
                f"{lines[0][0]}, {first[:_MAX_QUOTED]!r}"
            )
        color = int(found["red"]), int(found["green"]), int(found["blue"])
        rows.append((number, Label(found["name"], index, index, "", color)))
    return rows


def _csv_rows(lines: list[_Line]) -> Iterator[tuple[int, Label]]:
    """Yields (number of its line, class) of a CSV."""
    number, header = lines[0]
    delimiter = max(_DELIMITERS, key=header.count)
    columns = [_SPELLINGS.get(c, c) for c in _cells(header.lower(), delimiter)]
    for column in (*columns, *_NEEDED):
        if column not in _COLUMNS or columns.count(column) != 1:
            quoted = header[:_MAX_QUOTED]
            raise ValueError(
                f"line {number}: {quoted!r} should be `red green blue name` or"
                f" a header of name, id and some of {', '.join(_COLUMNS[2:])}"
            )
    rows = []
    for number, line in lines[1:]:
        cells = _cells(line, delimiter)
        if len(cells) != len(columns):
            raise ValueError(
                f"line {number}: {len(cells)} columns, the header has "
                f"{len(columns)}"
            )
        try:
            row = _csv_row(dict(zip(columns, cells, strict=True)))
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        rows.append((number, row))
    if "train_id" in columns:
        yield from rows
        return
    ids = sorted({row.label_id for _, row in rows})
    rank_of = {label_id: rank for rank, label_id in enumerate(ids)}
    for number, row in rows:
        train_id = rank_of[row.label_id]
        yield number, dataclasses.replace(row, train_id=train_id)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        (cells,) = csv.reader([line], delimiter=delimiter)
    except csv.Error as error:
        raise ValueError(
            f"{line[:_MAX_QUOTED]!r} is not CSV: {error}"
        ) from error
    return [cell.strip() for cell in cells]


def _csv_row(cells: dict[str, str]) -> Label:
    label_id = _number(cells["id"], "id")
    train_id = cells.get("train_id", "").lower()
    color = cells.get("color", "")
    return Label(
        cells["name"],
        label_id,
        IGNORE_ID if train_id in _IGNORED else _number(train_id, "train id"),
        cells.get("category", ""),
        _color(color) if color else distinct_color(label_id),
    )


def _number(text: str, what: str) -> int:
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII):
        raise ValueError(f"the {what} {text!r} should be a whole number")
    return int(text)


def _color(text: str) -> tuple[int, int, int]:
    """Reads `#rrggbb`, or three numbers with anything between them."""
    if found := re.fullmatch(r"#([0-9a-fA-F]{6})", text):
        red, green, blue = bytes.fromhex(found[1])
        return red, green, blue
    if found := _THREE_NUMBERS.fullmatch(text):
        red, green, blue = map(int, found.groups())
        return red, green, blue
    raise ValueError(
        f"the color {text!r} should be three numbers, like `128 64 128`, or "
        "like #804080"
    )
