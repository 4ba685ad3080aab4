"""Whether a service answers at all, asked before anything waits for it.

Google's clients try for a minute, silently, before they give up.
"""

import os
import socket
import threading
import urllib.parse
import urllib.request

from preprocess.errors import ConversionError

_STORAGE = "https://storage.googleapis.com"
_SECONDS = 5.0


def check_path(path: str) -> None:
    """Checks that Google's storage answers, where a path is on it.

    Raises:
        ConversionError: It does not.
    """
    if path.startswith("gs://") and "STORAGE_EMULATOR_HOST" not in os.environ:
        check(path, _STORAGE)


def check(what: str, url: str) -> None:
    """Checks that a server takes a connection; through a proxy, nothing.

    Args:
        what: What needs it, for the message.
        url: Where it is.

    Raises:
        ConversionError: It does not within seconds.
    """
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or url
    proxies = urllib.request.getproxies()
    if "https" in proxies or "all" in proxies:
        return
    errors: list[str] = [f"no answer within {_SECONDS:.0f} s"]
    # Not even the name's resolution, which has no limit, may take longer.
    asking = threading.Thread(
        target=_connect, args=(host, parts.port or 443, errors), daemon=True
    )
    asking.start()
    asking.join(_SECONDS + 1)
    if errors:
        raise ConversionError(
            f"{what} needs {host}, which cannot be reached: {errors[-1]}. "
            "Check the network, or set HTTPS_PROXY."
        )


def _connect(host: str, port: int, errors: list[str]) -> None:
    """Empties the list where the server answers, else adds the error."""
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError as error:
        errors.append(str(error))
    else:
        errors.clear()
