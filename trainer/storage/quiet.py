"""Keeps TensorFlow's greetings off the console."""

import contextlib
import importlib
import os
import sys
import tempfile
import types
from collections.abc import Iterator


def import_quietly(name: str) -> types.ModuleType:
    """Imports a module and, where it needs TensorFlow, lets that look round."""
    with quiet_stderr():
        module = importlib.import_module(name)
        if "tensorflow" in sys.modules:
            sys.modules["tensorflow"].config.list_physical_devices()
    return module


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Holds back what is written to stderr, by C++ too; shows it on errors.

    TensorFlow's C++ writes lines at import, and as it looks for GPUs, that
    no setting turns off.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except Exception:
            held_back.seek(0)
            os.write(kept, held_back.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
