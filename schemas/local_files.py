"""Local files opened with care for what may stand under their names.

In a folder that others can write to, a name may lead elsewhere by a link, or
be a pipe that never answers.
"""

import contextlib
import errno
import os
import secrets
import stat
from typing import BinaryIO

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
