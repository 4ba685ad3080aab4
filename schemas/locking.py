"""One job at a time in a folder, by a lock that dies with its process.

The lock is flock's, on the file `.lock` in the folder.  The kernel lets go of
it when the process ends, however that ends: a file that a killed job left
stops nobody.  Object stores have no locks, nor have some network file
systems; nothing is held there.

A file of that name that no job wrote is locked as it is: it is neither
written to nor deleted.  A link of that name is not followed.
"""

import contextlib
import dataclasses
import errno
import fcntl
import os
import re
import socket
import stat
from collections.abc import Iterator

FILE_NAME = ".lock"

_MAX_HOLDER_BYTES = 256
_HOLDER = re.compile(r"process \d+ on \S+")
_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class LockedError(ValueError):
    """Another process writes to the folder."""


@dataclasses.dataclass(frozen=True)
class _LockFile:
    """An open lock file.

    Attributes:
        descriptor: What it is open as.
        is_own: Whether this job, or one that died, has written it.
    """

    descriptor: int
    is_own: bool


@contextlib.contextmanager
def hold(folder: str) -> Iterator[None]:
    """Keeps other jobs out of a folder, which is made where missing.

    Where no lock can be taken, because the folder cannot be written or knows
    no locks, the block runs without one.

    Raises:
        LockedError: Another process holds the lock, and is named; or what has
            the lock's name is no file.
    """
    lock = None if "://" in folder else _take(folder)
    try:
        yield
    finally:
        if lock is not None:
            if lock.is_own:
                with contextlib.suppress(OSError):
                    os.remove(os.path.join(folder, FILE_NAME))
            os.close(lock.descriptor)


def _take(folder: str) -> _LockFile | None:
    """Opens and locks the folder's lock file; None where that cannot be."""
    path = os.path.join(folder, FILE_NAME)
    try:
        os.makedirs(folder, exist_ok=True)
        while True:
            lock = _open(path)
            _lock(lock.descriptor, folder)
            if _is_at(path, lock.descriptor):
                break
            os.close(lock.descriptor)  # Its holder ended and removed it.
    except OSError:
        return None
    if lock.is_own:
        _write(lock.descriptor, _this_process())
    return lock


def _open(path: str) -> _LockFile:
    """Creates the lock file, or opens the one that is there.

    Raises:
        LockedError: What is there is a link, a folder or a pipe.
        OSError: It cannot be opened.
    """
    holder = _this_process()
    while True:
        with contextlib.suppress(FileExistsError):
            created = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666)
            _write(created, holder)  # At once: an empty file is nobody's.
            return _LockFile(created, True)
        try:
            descriptor = os.open(path, _FLAGS)
        except FileNotFoundError:
            continue  # Its holder ended and removed it.
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
                raise _not_a_file(path) from error
            raise
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _not_a_file(path)
        return _LockFile(descriptor, bool(_HOLDER.fullmatch(_read(descriptor))))


def _not_a_file(path: str) -> LockedError:
    return LockedError(
        f"{path}, which keeps a second job out of the folder, should be a "
        "regular file and is not; remove it or choose another folder"
    )


def _lock(descriptor: int, folder: str) -> None:
    """Locks an open file, which is closed where that fails.

    Raises:
        LockedError: Another process holds it.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        text = _read(descriptor)
        holder = text if _HOLDER.fullmatch(text) else "another process"
        os.close(descriptor)
        raise LockedError(
            f"{holder} writes to {folder}; wait until it has ended, or choose "
            "another folder"
        ) from error
    except OSError:
        os.close(descriptor)
        raise


def _this_process() -> bytes:
    """Returns what a lock file of this process holds, padded to one length."""
    holder = f"process {os.getpid()} on {socket.gethostname()}".encode()
    return holder[:_MAX_HOLDER_BYTES].ljust(_MAX_HOLDER_BYTES)


def _write(descriptor: int, holder: bytes) -> None:
    """Writes who holds the lock, in one go, over whoever held it before."""
    with contextlib.suppress(OSError):  # A full disk still has locks.
        os.pwrite(descriptor, holder, 0)


def _read(descriptor: int) -> str:
    text = os.pread(descriptor, _MAX_HOLDER_BYTES, 0)
    return text.decode(errors="replace").rstrip(" ")


def _is_at(path: str, descriptor: int) -> bool:
    """Whether an open file still has its name."""
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
