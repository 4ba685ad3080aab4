"""What a listing says of a file, on any file system."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class FoundFile:
    """A file that a listing found.

    Attributes:
        path: Where it is.
        num_bytes: Its size.
        modified_seconds: When it was last changed, in seconds since 1970.
    """

    path: str
    num_bytes: int
    modified_seconds: float
