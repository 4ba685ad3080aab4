"""Imports Beam fast: a local conversion of a small set takes no longer."""

import gc
import sys

_NOT_NEEDED = ("apache_beam.io.gcp.bigquery", "bson", "pymongo", "pyarrow")
"""Of BigQuery, MongoDB and Parquet: a third of the time of Beam's import."""


def import_beam() -> None:
    """Imports Beam as it is where what is not needed is not installed.

    Whoever imports one of those modules later gets it.  What is imported stays
    to the end, so it is kept out of garbage collection, the last of which would
    take a tenth of a second.
    """
    hidden = [name for name in _NOT_NEEDED if name not in sys.modules]
    for name in hidden:  # None: not to be found.
        sys.modules[name] = None  # type: ignore[assignment]
    gc.disable()
    try:
        import apache_beam  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()
        for name in hidden:
            del sys.modules[name]
