"""What all stages have shown: as JSON, and as tables for docs."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stage import Row
from benchmarks.harness import report

JSON_NAME, TABLE_NAME = "results.json", "results.md"

_PACKAGES = ("jax", "jaxlib", "keras", "numpy", "torch", "tensorflow")
_QUERY = ("name", "driver_version", "memory.total", "power.limit")
_VERDICTS = {True: "yes", False: "NO", None: ""}


def find_machine(is_small: bool) -> dict[str, Any]:
    """Returns what the results begin with: machine, cards, versions."""
    return {
        "small": is_small,
        "machine": report.machine(),
        "gpus": _gpus(),
        "versions": report.versions(_PACKAGES),
        "stages": {},
    }


def write(folder: str, content: Mapping[str, Any]) -> None:
    """Writes JSON and tables, each at once or not at all."""
    texts = {
        JSON_NAME: json.dumps(content, indent=1) + "\n",
        TABLE_NAME: table(content),
    }
    for name, text in texts.items():
        path = os.path.join(folder, name)
        with open(f"{path}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(f"{path}.new", path)


def to_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Returns rows as JSON has them, medians beside the rounds."""
    return [dataclasses.asdict(row) | {"median": row.median} for row in rows]


def table(content: Mapping[str, Any]) -> str:
    """Renders the results as Markdown, a table a stage."""
    machine = content["machine"]
    cards = [
        f"{gpu['name']} ({gpu['memory_mb']:,} MiB, driver {gpu['driver']}, "
        f"{gpu['power_limit']})"
        for gpu in content["gpus"]
    ]
    versions = content["versions"].items()
    lines = [
        f"{'; '.join(cards) or 'No GPU'}. {machine['num_cores']} cores of "
        f"{machine['processor']}, {machine['memory_mb'] >> 10} GiB.",
        ", ".join(f"{name} {version}" for name, version in versions) + ".",
    ]
    if content["small"]:
        lines.append("**Small, to try the kit: no figure of these counts.**")
    for key, told in content["stages"].items():
        lines += [
            "",
            f"### {key}. {told['title']}",
            "",
            f"{told['seconds']:.0f} s of {told['limit_seconds']:.0f}: "
            f"{told['status']}",
            "",
            "| | median | min–max | unit | peak MiB | share | right | |",
            "|---|---:|---:|---|---:|---:|---|---|",
            *(_line(stage.from_json(row)) for row in told["rows"]),
        ]
    return "\n".join(lines) + "\n"


def is_right(content: Mapping[str, Any]) -> bool:
    """Whether every stage is done, and nothing in it is wrong."""
    return all(
        told["status"] == "done"
        and all(row["is_right"] is not False for row in told["rows"])
        for told in content["stages"].values()
    )


def _line(row: Row) -> str:
    values = row.values
    spread = ""
    if len(values) > 1:
        spread = f"{report.figure(min(values))}–{report.figure(max(values))}"
    cells = (
        row.name,
        report.figure(row.median) if values else "",
        spread,
        row.unit,
        "" if row.peak_mb is None else report.figure(row.peak_mb),
        "" if row.share is None else f"{row.share:.0%}",
        _VERDICTS[row.is_right],
        row.note.replace("|", "/").replace("\n", " "),
    )
    return f"| {' | '.join(cells)} |"


def _gpus() -> list[dict[str, Any]]:
    """Asks the driver which cards there are; none without a driver."""
    query = f"--query-gpu={','.join(_QUERY)}"
    try:
        done = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no NVIDIA driver answers ({error})", file=sys.stderr)
        return []
    cards = []
    for line in done.stdout.splitlines():
        name, driver, memory, power = line.rsplit(", ", 3)
        cards.append(
            {
                "name": name,
                "driver": driver,
                "memory_mb": int(memory) if memory.isdecimal() else 0,
                "power_limit": f"{power} W",
            }
        )
    return cards
