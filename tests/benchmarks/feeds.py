"""Runs a benchmark of feeding in this process, on a few pairs."""

import json
import pathlib
import types
from collections.abc import Callable, Sequence

import pytest

from benchmarks.contenders import feeding
from benchmarks.harness import rounds
from tests.trees import STEMS, write_tree


def measure(
    main: Callable[[Sequence[str]], int],
    modules: Sequence[types.ModuleType],
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[list[float], dict[str, float | None]]:
    """Returns what was measured, and the ratios that the benchmark writes.

    Its samples are 1, 2, 3 and so on, so that the ratios tell the order.

    Args:
        main: That of the benchmark.
        modules: Those that its contenders run.
        tmp_path: Takes the pairs and the figures.
        monkeypatch: Puts this process in the place of the contenders'.
    """
    by_name = {module.__name__: module for module in modules}
    rates: list[float] = []

    def run_here(contender):
        _, _, module, *arguments = contender.command
        rates.append(by_name[module].measure(*arguments))
        return rounds.Sample(float(len(rates)), None)

    monkeypatch.setattr(feeding, "SECONDS", 1e-3)
    monkeypatch.setattr(rounds, "run_once", run_here)
    root = write_tree(tmp_path / "root", STEMS[:4])
    path = tmp_path / "figures.json"
    flags = (
        "--rounds=1",
        f"--json={path}",
        f"--cityscapes_root={root}",
        f"--work_dir={tmp_path}",
    )
    assert main(flags) == 0
    return rates, json.loads(path.read_text())["ratios"]
