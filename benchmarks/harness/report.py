"""The flags that all benchmarks share, their table and their JSON file."""

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping, Sequence

from benchmarks.harness.rounds import Result
from preprocess import command_line


def parser(description: str) -> command_line.FlagParser:
    """Returns a parser that knows `--rounds` and `--json`."""
    shared = command_line.FlagParser(description)
    shared.add_argument(
        "--rounds",
        type=command_line.whole(1),
        default=3,
        help="runs of each contender (default: %(default)s)",
    )
    shared.add_argument("--json", help="file to write the figures to")
    return shared


def table(results: Mapping[str, Result]) -> str:
    """Renders the rows as a Markdown table, one line a contender."""
    lines = [
        "| contender | median | min | max | unit | peak MiB |",
        "|---|---:|---:|---:|---|---:|",
    ]
    for result in results.values():
        row = result.row()
        if result.samples:
            values = row["median"], row["min"], row["max"]
            figures = list(map(figure, values))
        else:
            figures = [f"not measured: {result.contender.not_measured}", "", ""]
        cells = [row["name"], *figures, row["unit"], figure(row["peak_mb"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def ratio_lines(ratios: Mapping[str, float | None]) -> str:
    """Renders the ratios, one line each."""
    return "\n".join(
        f"{name}: {'not measured' if value is None else _ratio(value)}"
        for name, value in ratios.items()
    )


def write_json(
    path: str,
    results: Mapping[str, Result],
    ratios: Mapping[str, float | None],
    packages: Sequence[str],
) -> None:
    """Writes rows, ratios, the machine and versions.

    Args:
        path: The file.
        results: What `harness.run_rounds` returned.
        ratios: Name → ratio, None where it was not measured.
        packages: Distributions whose versions count.
    """
    content = {
        "rows": [result.row() for result in results.values()],
        "ratios": dict(ratios),
        "machine": machine(),
        "versions": versions(packages),
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def machine() -> dict[str, str | int]:
    """Describes the machine: processor, cores, memory, system."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "num_cores": os.cpu_count() or 1,
        "memory_mb": memory_bytes >> 20,
        "system": platform.platform(),
    }


def versions(packages: Sequence[str]) -> dict[str, str]:
    """Returns the versions of Python and of the packages that are there."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    """Returns the processor's name as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def figure(value: float | None) -> str:
    """Renders a figure with three digits or all before the point."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
