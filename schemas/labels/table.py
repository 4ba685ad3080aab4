"""The table of a data set's classes, and the two id spaces that come of it.

A table is data: it comes with the data set, in manifest.json.
"""

import dataclasses
import functools
import hashlib
import json
from typing import Any

import numpy as np

from schemas.labels.rows import IGNORE_ID, Label, check_number, find_problem

SPACES = ("label_ids", "train_ids")
"""The names of the id spaces, as flags and manifests write them."""


@dataclasses.dataclass(frozen=True)
class LabelTable:
    """The classes of a data set.

    Attributes:
        classes: The rows, in the order of their label ids.
        ignore_id: What label maps hold where no class is meant, 0..255, and
            records as `IGNORE_ID`; None where every pixel has a class.
    """

    classes: tuple[Label, ...]
    ignore_id: int | None = None

    def __post_init__(self) -> None:
        """Checks the rows.

        Raises:
            ValueError: They are no table; names the class.
        """
        problem = find_problem(self.classes)
        if problem:
            index, reason = problem
            raise ValueError(f"class {index}: {reason}")
        ids = [row.label_id for row in self.classes]
        if ids != sorted(ids):
            raise ValueError("the classes do not stand in the order of ids")
        if self.ignore_id is not None:
            check_number(self.ignore_id, IGNORE_ID, "ignore_id")
            if self.ignore_id in ids:
                raise ValueError(f"ignore_id {self.ignore_id} is a class's")

    def space(self, name: str) -> "LabelSpace":
        """Returns one of `SPACES`.

        Raises:
            ValueError: The name is another.
        """
        if name not in SPACES:
            raise ValueError(f"{name!r} is not one of {', '.join(SPACES)}")
        return self.label_ids if name == "label_ids" else self.train_ids

    @functools.cached_property
    def label_ids(self) -> "LabelSpace":
        """The ids of the label maps; lossless."""
        return LabelSpace("label_ids", self)

    @functools.cached_property
    def train_ids(self) -> "LabelSpace":
        """The evaluated classes; every other pixel is `IGNORE_ID`."""
        return LabelSpace("train_ids", self)

    @functools.cached_property
    def categories(self) -> tuple[str, ...]:
        """The groups of the evaluated classes, in table order.

        Empty where not every such class has one.
        """
        rows = [row for row in self.classes if not row.is_void]
        names = dict.fromkeys(row.category for row in rows)
        return () if "" in names else tuple(names)

    @functools.cached_property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that another table does not have."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Gives the table as manifest.json and config.json hold it."""
        return {
            "ignore_id": self.ignore_id,
            "classes": [
                {
                    "name": row.name,
                    "id": row.label_id,
                    "train_id": None if row.is_void else row.train_id,
                    "category": row.category,
                    "color": list(row.color),
                }
                for row in self.classes
            ],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "LabelTable":
        """Reads what `to_json` gave.

        Raises:
            ValueError: It is no table.
            KeyError, TypeError, AttributeError: An entry is missing, or of a
                type that holds no entries.
        """
        rows = []
        for row in content["classes"]:
            train_id = row["train_id"]
            rows.append(
                Label(
                    row["name"],
                    row["id"],
                    IGNORE_ID if train_id is None else train_id,
                    row["category"],
                    tuple(row["color"]),
                )
            )
        return cls(tuple(rows), content["ignore_id"])


@dataclasses.dataclass(frozen=True)
class LabelSpace:
    """Class ids of one kind, those of the label maps or of evaluation.

    Attributes:
        name: One of `SPACES`.
        table: The classes that they are of.
    """

    name: str
    table: LabelTable

    @functools.cached_property
    def classes(self) -> tuple[Label, ...]:
        """The table's row of each id, in the order of ids."""
        if self.name == "label_ids":
            return self.table.classes
        evaluated = (row for row in self.table.classes if not row.is_void)
        return tuple(sorted(evaluated, key=lambda row: row.train_id))

    @functools.cached_property
    def ids(self) -> tuple[int, ...]:
        """The ids; in records 0..num_classes-1, see `check_storable`."""
        if self.name == "label_ids":
            return tuple(row.label_id for row in self.classes)
        return tuple(range(len(self.classes)))

    @property
    def has_ignored(self) -> bool:
        """Whether a stored label map may hold `IGNORE_ID` as well."""
        return self.name == "train_ids" or self.table.ignore_id is not None

    @property
    def num_classes(self) -> int:
        """The number of ids, and of the network's outputs."""
        return len(self.classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each id."""
        return tuple(row.name for row in self.classes)

    @property
    def extent(self) -> str:
        """The ids in words, like `0..33`; `within 0..33` with gaps."""
        has_gaps = self.ids != tuple(range(self.num_classes))
        return f"{'within ' if has_gaps else ''}0..{self.ids[-1]}"

    def check_storable(self) -> None:
        """Checks that records can hold the ids: 0, 1, 2 and so on.

        Raises:
            ValueError: They have gaps.
        """
        for index, row in enumerate(self.classes):
            if self.ids[index] != index:
                raise ValueError(
                    f"{self.name} have to be 0, 1, 2 and so on, and the "
                    f"{index + 1}. is {self.ids[index]}, {row.name!r}"
                )

    def check_ids(self, ids: np.ndarray) -> None:
        """Checks that a stored map, uint8 of any shape, holds no stray id.

        Raises:
            ValueError: It holds one.
        """
        # IGNORE_ID is the highest uint8: one more makes 0 of it.
        offset = np.uint8(self.has_ignored)
        highest = int((ids + offset).max()) - int(offset)
        if highest >= self.num_classes:
            raise ValueError(
                f"the label map holds the id {highest}, {self.name} are "
                f"{self.extent}"
            )

    @functools.cached_property
    def stored(self) -> np.ndarray:
        """(256,) uint8: id of a label map → id that records hold.

        `IGNORE_ID` where the space does not know the id.
        """
        table = np.full(256, IGNORE_ID, np.uint8)
        for index, row in enumerate(self.classes):
            table[row.label_id] = self.ids[index]
        return table

    @functools.cached_property
    def evaluated(self) -> np.ndarray:
        """(num_classes,) bool: the ids that scores count."""
        return np.array([not row.is_void for row in self.classes])

    @functools.cached_property
    def to_label_ids(self) -> np.ndarray:
        """(256,) uint8: id of this space → label id, else `IGNORE_ID`."""
        table = np.full(256, IGNORE_ID, np.uint8)
        table[list(self.ids)] = [row.label_id for row in self.classes]
        return table

    @functools.cached_property
    def palette(self) -> np.ndarray:
        """(256, 3) uint8: the colour of each id, else black."""
        table = np.zeros((256, 3), np.uint8)
        table[list(self.ids)] = [row.color for row in self.classes]
        return table


def ignoring(table: LabelTable, ignore_id: int | None) -> LabelTable:
    """Returns a table with another id that means no class.

    Args:
        table: The classes.
        ignore_id: 0..255; that of a class makes the class one that is not
            evaluated, and the train ids above its own close the gap.  The
            table then keeps the id that it ignored before.
    """
    found = [row for row in table.classes if row.label_id == ignore_id]
    if not found:
        return LabelTable(table.classes, ignore_id)
    gap = found[0].train_id
    rows = []
    for row in table.classes:
        train_id = row.train_id
        if train_id == gap:
            train_id = IGNORE_ID
        elif gap < train_id < IGNORE_ID:
            train_id -= 1
        rows.append(dataclasses.replace(row, train_id=train_id))
    return LabelTable(tuple(rows), table.ignore_id)


def first_difference(here: LabelTable, there: LabelTable) -> str:
    """Names the first class that two tables do not have in common.

    Colours and categories may differ: what is learned and scored is the same.

    Returns:
        `id 2 is 'tree' here and 'tram' there`; empty for no difference.
    """
    ours = {row.label_id: row for row in here.classes}
    theirs = {row.label_id: row for row in there.classes}
    for label_id in sorted({*ours, *theirs}):
        mine, other = (
            _meaning(ours.get(label_id)),
            _meaning(theirs.get(label_id)),
        )
        if mine != other:
            return f"id {label_id} is {mine} here and {other} there"
    return ""


def _meaning(row: Label | None) -> str:
    if row is None:
        return "no class"
    if row.is_void:
        return f"{row.name!r}, which is not evaluated,"
    return f"{row.name!r} of train id {row.train_id}"
