"""How an extra of this project is installed, in the words of an error."""

import importlib.metadata
import os

_DISTRIBUTION = "cityscapes-unet"
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""Of the checkout, or of the folder that a wheel was installed into."""


def install(extra: str) -> str:
    """Writes the command that installs an extra.

    In a checkout it is that of the pages; an installed wheel has nothing to
    install from beside it, so that the extra's packages are named.
    """
    packages = _packages_of(extra)
    if not packages or os.path.exists(os.path.join(_ROOT, "pyproject.toml")):
        return f'pip install -c constraints.txt -e ".[{extra}]"'
    return " ".join(("pip install", *(f'"{name}"' for name in packages)))


def _packages_of(extra: str) -> list[str]:
    """Returns an extra's requirements; none where nothing is installed."""
    try:
        lines = importlib.metadata.requires(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    marked = (line.partition(";") for line in lines)
    return [
        name.strip()
        for name, _, mark in marked
        if f'extra == "{extra}"' in mark
    ]
