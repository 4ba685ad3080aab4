"""The rows of metrics.csv, as they are read again."""

import csv
import io
import math
from collections.abc import Callable, Collection

Row = dict[str, float]
"""An epoch: column of metrics.csv → value."""

_COUNTS = {"epoch", "step"}
"""The columns without which a row is of no epoch."""


def load(
    path: str, columns: Collection[str], read_text: Callable[[str], str]
) -> list[Row]:
    """Reads a metrics.csv.

    Args:
        path: The file, local or remote.
        columns: Those to read.
        read_text: Returns the text of a path, or raises OSError.

    Raises:
        FileNotFoundError: There is none.
        ValueError: It cannot be read, or somebody edited it; names the file.
    """
    try:
        return parse(read_text(path), columns)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{path} is not as a training wrote it ({error})"
        ) from error


def parse(text: str, columns: Collection[str]) -> list[Row]:
    """Reads an epoch's values from each line.

    Args:
        text: The file's content.
        columns: Those to read; an empty cell is nan.  A file without a line
            has no epoch.

    Raises:
        ValueError: A column is missing, or a value is no number, or an epoch
            or a step is not there.
    """
    reader = csv.DictReader(io.StringIO(text))
    try:
        for column in columns:
            if column not in (reader.fieldnames or columns):
                raise ValueError(f"it has no column {column!r}")
        rows = [
            {column: float(row[column] or "nan") for column in columns}
            for row in reader
        ]
    except TypeError as error:  # More cells than the head has.
        raise ValueError(f"its lines are no rows: {error}") from error
    except csv.Error as error:
        raise ValueError(str(error)) from error
    counts = _COUNTS.intersection(columns)
    if not all(math.isfinite(row[count]) for row in rows for count in counts):
        raise ValueError("an epoch has no number")
    return rows
