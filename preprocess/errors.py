"""What can go wrong in ways that the user can mend."""

import errno

from schemas.failures import Advice, UserError

TREE_ADVICE = Advice(
    memory="use fewer --workers",
    interrupted="what has been written stays; the same command with "
    "--overwrite begins anew",
)
"""What a command that writes a tree says where it cannot go on."""


class ConversionError(UserError):
    """Stops the job; the message is one line that ends with the remedy."""


class BadPictureError(ValueError):
    """A picture file is damaged or not of the kind that is taken.

    Attributes:
        path: The file's path; empty where its bytes alone were looked at.
    """

    def __init__(self, reason: str, path: str = ""):
        """Takes what is wrong, and with which file."""
        super().__init__(reason)
        self.path = path


def cannot_write(name: str, folder: str, error: OSError) -> ConversionError:
    """Returns what is said where a file cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        remedy = "free some space"
    else:
        remedy = "check that the folder can be written"
    return ConversionError(
        f"cannot write {name} in {folder}: {error.strerror or error}; {remedy} "
        "and run the same command again, finished shards are kept."
    )
