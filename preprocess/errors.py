"""What can go wrong in ways that the user can mend."""

import errno


class ConversionError(Exception):
    """Stops the job; the message is one line that ends with the remedy."""


class FlagError(ValueError):
    """A flag is missing, not known, or its value does not fit."""


class BadPictureError(ValueError):
    """A PNG is damaged or not of the kind that Cityscapes has."""


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
