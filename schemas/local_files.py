"""Local files opened with care for what may stand under their names.

In a folder that others can write to, a name may lead elsewhere by a link, or
be a pipe that never answers.  Folders are listed in one way.
"""

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from typing import BinaryIO

MAX_TEXT_BYTES = 1 << 26
"""A manifest of as many shards as names allow takes less than 64 MiB."""

_TOKEN_BYTES = 8


def open_regular(path: str) -> BinaryIO:
    """Opens a regular file for reading bytes; a link to one is followed.

    Raises:
        FileNotFoundError: There is no such file.
        OSError: It cannot be opened, or it is a folder, a pipe, a socket or a
            device, which might never end or never begin.
    """
    # A pipe without a writer would wait for one but for O_NONBLOCK, which
    # regular files do not heed.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(
                errno.EISDIR, os.strerror(errno.EISDIR), path
            )
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "Not a regular file", path)
        return open(descriptor, "rb")
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        raise


def read_text(path: str) -> str:
    """Reads a UTF-8 text file of a size that texts here have.

    Raises:
        FileNotFoundError: There is no such file.
        OSError: It cannot be read, is not a regular file, or is larger than
            `MAX_TEXT_BYTES`.
    """
    with open_regular(path) as file:
        content = file.read(MAX_TEXT_BYTES + 1)
    if len(content) > MAX_TEXT_BYTES:
        raise OSError(
            errno.EFBIG, f"Larger than {MAX_TEXT_BYTES >> 20} MiB", path
        )
    return content.decode()


def create_new(path: str) -> BinaryIO:
    """Creates a file for writing bytes where nothing has this name yet.

    Raises:
        OSError: Something has the name, if only a link; or the folder cannot
            be written.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return open(os.open(path, flags, 0o666), "wb")


def random_token() -> str:
    """Returns 16 hexadecimal digits that nobody can foresee."""
    return secrets.token_hex(_TOKEN_BYTES)


def walk(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yields the files in and below a folder, in no particular order.

    Links are followed, but into no folder twice; one that leads nowhere is
    yielded as a file.  A folder that does not exist holds nothing.

    Raises:
        OSError: A folder cannot be read.
    """
    waiting = [folder] if os.path.isdir(folder) else []
    seen = {_identity(os.stat(path)) for path in waiting}
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if not is_folder(entry):
                    yield entry
                    continue
                identity = _identity(entry.stat())
                if identity not in seen:
                    seen.add(identity)
                    waiting.append(entry.path)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, or a link that leads to one.

    Raises:
        OSError: The entry cannot be looked at, and is no link.
    """
    try:
        return entry.is_dir()
    except OSError:  # A link in a circle, or to a closed folder.
        if not entry.is_symlink():
            raise
        return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
