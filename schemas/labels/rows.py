"""The rows of a label table, and what rows make one."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from schemas.quantities import counted, noun

IGNORE_ID = 255
"""The id of a stored pixel that counts nowhere; never a class."""

_MIN_EVALUATED = 2
_MAX_NAME = 100


@dataclasses.dataclass(frozen=True)
class Label:
    """One class: a row of the table.

    Attributes:
        name: The class's name, that of no other.
        label_id: The id in label maps, 0..254.
        train_id: The id among the evaluated classes; `IGNORE_ID` of a class
            that is not evaluated.
        category: The group that the class belongs to; empty for none.
        color: (red, green, blue), each in [0, 255].
    """

    name: str
    label_id: int
    train_id: int
    category: str
    color: tuple[int, int, int]

    @property
    def is_void(self) -> bool:
        """Whether the class is not evaluated."""
        return self.train_id == IGNORE_ID

    @property
    def hex_color(self) -> str:
        """The color as `#804080`."""
        return f"#{bytes(self.color).hex()}"


def find_problem(rows: Sequence[Label]) -> tuple[int, str] | None:
    """Says what keeps rows from being a table.

    Returns:
        The number of the row, from 0, and what is wrong with it; None where
        nothing is.
    """
    names: dict[str, int] = {}
    ids: dict[int, str] = {}
    train_ids: dict[int, str] = {}
    for index, row in enumerate(rows):
        try:
            _check_row(row)
        except ValueError as error:
            return index, str(error)
        if row.name in names:
            return index, f"the name {row.name!r} is another class's, too"
        if row.label_id in ids:
            return (
                index,
                f"the id {row.label_id} is that of {ids[row.label_id]!r}, too",
            )
        names[row.name], ids[row.label_id] = index, row.name
        if row.is_void:
            continue
        if row.train_id in train_ids:
            other = train_ids[row.train_id]
            return (
                index,
                f"the train id {row.train_id} is that of {other!r}, too",
            )
        train_ids[row.train_id] = row.name
    num_evaluated = len(train_ids)
    for index, row in enumerate(rows):
        if not row.is_void and row.train_id >= num_evaluated:
            return index, (
                f"the train id {row.train_id} is too high: those of "
                f"{counted(num_evaluated, 'class', 'classes')} have to be "
                f"0..{num_evaluated - 1}"
            )
    if num_evaluated < _MIN_EVALUATED:
        return max(len(rows) - 1, 0), (
            f"{num_evaluated} of the classes "
            f"{noun(num_evaluated, 'is', 'are')} evaluated, at least "
            f"{_MIN_EVALUATED} are needed"
        )
    return None


def _check_row(row: Label) -> None:
    """Raises ValueError where a row cannot be one, whatever the others are."""
    for what, text, least in (
        ("name", row.name, 1),
        ("category", row.category, 0),
    ):
        is_text = isinstance(text, str) and text.isprintable()
        if not is_text or not least <= len(text) <= _MAX_NAME:
            raise ValueError(
                f"the {what} {text!r} should be {least} to {_MAX_NAME} "
                "characters that can be printed"
            )
    check_number(row.label_id, IGNORE_ID - 1, "id")
    check_number(row.train_id, IGNORE_ID, "train id")
    if len(row.color) != 3:
        raise ValueError(f"the color {row.color} should be three numbers")
    for part in row.color:
        check_number(part, 255, "color")


def check_number(value: Any, most: int, what: str) -> None:
    """Raises ValueError where a value is no whole number up to `most`."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not 0 <= value <= most:
        raise ValueError(
            f"the {what} {value!r} should be a whole number from 0 to {most}"
        )
