"""What the stages of the kit share: their flags, their rows.

Standard library only.
"""

import argparse
import dataclasses
import json
import statistics
from collections.abc import Sequence

_PREFIX = "row "


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of a stage's table.

    Attributes:
        name: What was measured or compared; a later row of the same name
            takes the place of an earlier one.
        unit: What the values count.
        values: One a round; none where nothing could be measured.
        peak_mb: The highest memory, in MiB, as `step_timing` has it.
        share: Of the card's limit, in [0, 1]; of what the note names, where
            it names something.
        is_right: Whether it is as it has to be; None where nothing is wanted.
        note: What else is to be said, such as why nothing was measured.
    """

    name: str
    unit: str = ""
    values: tuple[float, ...] = ()
    peak_mb: float | None = None
    share: float | None = None
    is_right: bool | None = None
    note: str = ""

    @property
    def median(self) -> float | None:
        """The median of the values."""
        return statistics.median(self.values) if self.values else None


_FIELDS = dataclasses.fields(Row)


def emit(row: Row) -> None:
    """Hands a row to the runner, which has it whatever happens then."""
    print(_PREFIX + json.dumps(dataclasses.asdict(row)), flush=True)


def absent(name: str, reason: str, is_right: bool | None = None) -> None:
    """Emits a row that says why there is nothing in it."""
    emit(Row(name, is_right=is_right, note=f"not measured: {reason}"))


def read_rows(output: str) -> list[Row]:
    """Returns the rows of a stage's output, the last of each name."""
    rows = {}
    for line in output.split("\n")[:-1]:  # what breaks off is no row
        if line.startswith(_PREFIX):
            row = from_json(json.loads(line.removeprefix(_PREFIX)))
            rows[row.name] = row
    return list(rows.values())


def from_json(content: dict) -> Row:
    """Makes a row again of what JSON made of it, and of what was added."""
    fields = {field.name: content[field.name] for field in _FIELDS}
    return Row(**fields | {"values": tuple(content["values"])})


def parse_flags(
    description: str | None, arguments: Sequence[str] | None = None
) -> argparse.Namespace:
    """Reads the flags that every stage takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data_dir", required=True, help="the records")
    parser.add_argument("--work_dir", required=True, help="for other files")
    parser.add_argument("--results", required=True, help="JSON, so far")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--small", action="store_true", help="fit for a CPU")
    return parser.parse_args(arguments)
