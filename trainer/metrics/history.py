"""The rows of metrics.csv, as they are read again."""

import csv
import io
from collections.abc import Iterable

Row = dict[str, float]
"""An epoch: column of metrics.csv → value."""


def parse(text: str, columns: Iterable[str]) -> list[Row]:
    """Reads an epoch's values from each line.

    Args:
        text: The file's content.
        columns: Those to read; an empty cell is nan.  A file without a line
            has no epoch.

    Raises:
        ValueError: A column is missing, or a value is no number.
    """
    columns = tuple(columns)
    reader = csv.DictReader(io.StringIO(text))
    try:
        for column in columns:
            if column not in (reader.fieldnames or columns):
                raise ValueError(f"it has no column {column!r}")
        return [
            {column: float(row[column] or "nan") for column in columns}
            for row in reader
        ]
    except TypeError as error:  # More cells than the head has.
        raise ValueError(f"its lines are no rows: {error}") from error
    except csv.Error as error:
        raise ValueError(str(error)) from error
