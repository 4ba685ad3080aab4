"""Imports Beam fast: a local conversion of a small set takes no longer."""

import gc
import sys

_NOT_NEEDED = ("bson", "pymongo", "pyarrow")
"""Of MongoDB and Parquet: a fifth of the time that Beam takes to import."""


def import_beam() -> None:
    """Imports Beam as it is where those packages are not installed.

    Whoever imports them later gets them.  What is imported stays to the end,
    so it is kept out of garbage collection, the last of which would take a
    tenth of a second.
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
