"""Counts, shares and sizes of files as people read them."""

import math

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def noun(number: int, one: str, many: str = "") -> str:
    """Returns the word that goes with a number.

    Args:
        number: How many there are.
        one: The word for one, like `shard`, `is` or `of them is`.
        many: That for any other number; by default `one` and an s.
    """
    return one if number == 1 else many or f"{one}s"


def counted(number: int, one: str, many: str = "") -> str:
    """Writes a number and what it counts: `1 shard`, `2975 frames`.

    The arguments are those of `noun`.
    """
    return f"{number} {noun(number, one, many)}"


def byte_size(num_bytes: int) -> str:
    """Writes a size in the unit that fits, like `1.5 KiB` for 1536 bytes."""
    if num_bytes < 1024:
        return counted(num_bytes, "byte")
    power = min((num_bytes.bit_length() - 1) // 10, len(_UNITS))
    return f"{num_bytes / 1024**power:,.1f} {_UNITS[power - 1]}"


def percent(share: float | None) -> str:
    """Writes a share in percent, without the sign; a dash for None and nan."""
    if share is None or math.isnan(share):
        return "-"
    return f"{100 * share:.2f}"
