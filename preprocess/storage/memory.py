"""Memory that a frame gave back, kept for the next one."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # Of glibc's malloc.h.
_KEPT_BYTES = 16 << 20
_MAPPED_FROM_BYTES = 8 << 20


def keep_freed() -> None:
    """Lets glibc keep memory of pictures' size; does nothing elsewhere.

    By itself it gives such memory back at once, and the system hands it out
    again page by page: 2 ms a pair of 1024x2048 in a virtual machine.  At most
    16 MiB a thread are kept.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    set_option(_MMAP_THRESHOLD, _MAPPED_FROM_BYTES)
    set_option(_TRIM_THRESHOLD, _KEPT_BYTES)
