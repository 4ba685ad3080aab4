"""One job at a time in a folder, by a lock that dies with its process.

The lock is flock's, on the file `.lock` in the folder.  The kernel lets go of
it when the process ends, however that ends: a file that a killed job left
stops nobody.  Object stores have no locks, nor have some network file
systems; nothing is held there.
"""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator

FILE_NAME = ".lock"

_MAX_HOLDER_BYTES = 256


class LockedError(ValueError):
    """Another process writes to the folder."""


@contextlib.contextmanager
def hold(folder: str) -> Iterator[None]:
    """Keeps other jobs out of a folder, which is made where missing.

    Where no lock can be taken, because the folder cannot be written or knows
    no locks, the block runs without one.

    Raises:
        LockedError: Another process holds the lock; names it.
    """
    descriptor = None if "://" in folder else _take(folder)
    try:
        yield
    finally:
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.remove(os.path.join(folder, FILE_NAME))
            os.close(descriptor)


def _take(folder: str) -> int | None:
    """Opens and locks the folder's lock file; None where that cannot be."""
    path = os.path.join(folder, FILE_NAME)
    try:
        os.makedirs(folder, exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            _lock(descriptor, folder)
            if _is_at(path, descriptor):
                return descriptor
            os.close(descriptor)  # Its holder ended and removed it meanwhile.
    except OSError:
        return None


def _lock(descriptor: int, folder: str) -> None:
    """Locks an open file and writes who holds it.

    Raises:
        LockedError: Another process holds it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, _MAX_HOLDER_BYTES).decode(errors="replace")
        os.close(descriptor)
        raise LockedError(
            f"{holder or 'another process'} writes to {folder}; wait until it "
            "has ended, or choose another folder"
        ) from error
    except OSError:
        os.close(descriptor)
        raise
    holder = f"process {os.getpid()} on {socket.gethostname()}"
    with contextlib.suppress(OSError):  # A full disk still has locks.
        os.truncate(descriptor, 0)
        os.write(descriptor, holder.encode())


def _is_at(path: str, descriptor: int) -> bool:
    """Whether an open file still has its name."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
