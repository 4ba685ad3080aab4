"""How much memory this process may still take.

A container, a batch system's job or systemd limits it by control groups
(cgroups), each within the one above it.
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")

_V1 = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
_V2 = "memory.max", "memory.current", "inactive_file"


def free_bytes() -> int:
    """Returns the least of what the machine and each of the groups leave."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        lines = _table(PROC / "meminfo", ":")
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):
        pass  # no Linux: what is known stays
    return max(0, min([free, *_left_by_groups()]))


def _left_by_groups() -> Iterator[int]:
    """Yields what each group with a limit leaves, in versions 1 and 2."""
    try:
        lines = (PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            roots, names = [CGROUPS, CGROUPS / "unified"], _V2
        elif "memory" in controllers.split(","):
            roots, names = [CGROUPS / "memory"], _V1
        else:
            continue
        group = PurePosixPath(path.lstrip("/"))
        for folder in (group, *group.parents):
            for root in roots:
                try:
                    yield _left_by(root / folder, *names)
                except (OSError, ValueError):
                    pass  # no limit, or outside of what a container sees


def _left_by(folder: Path, limit: str, used: str, reclaimable: str) -> int:
    """Returns a group's limit less what it uses, but for cached files."""
    num_bytes = int((folder / limit).read_text())
    num_bytes -= int((folder / used).read_text())
    cached = _table(folder / "memory.stat", " ").get(reclaimable, "0")
    return num_bytes + int(cached)


def _table(path: Path, separator: str) -> dict[str, str]:
    """Reads lines of a name and what stands behind a separator."""
    lines = path.read_text().splitlines()
    return dict(line.split(separator, 1) for line in lines)
