"""Tests what all benchmarks share: processes, rounds, tables."""

import json
import os
import sys
import time

import pytest

from benchmarks.harness import process, report, rounds
from benchmarks.harness.rounds import Contender, Result, Sample

HAS_PROC = os.path.exists("/proc/self/smaps_rollup")
MIB = 1 << 20


def python(code, *arguments):
    return (sys.executable, "-c", code, *arguments)


def result(name, *values, peak_mb=None, **fields):
    samples = tuple(Sample(value, peak_mb) for value in values)
    return Result(Contender(name, "pairs/s", **fields), samples)


def test_a_command_gives_its_output_and_its_wall_time():
    finished = process.run(python("import time; time.sleep(0.3); print('a')"))
    assert finished.output == "a\n"
    assert finished.seconds > 0.3


def test_a_failing_command_is_named_with_its_last_lines():
    with pytest.raises(
        process.CommandError, match="exit code 3: first / last$"
    ):
        process.run(
            python(
                "import sys; print('first\\nlast', file=sys.stderr); exit(3)"
            )
        )


@pytest.mark.skipif(not HAS_PROC, reason="needs Linux's /proc")
def test_memory_of_all_processes_counts_and_shared_pages_count_once():
    code = (
        "import os, time\n"
        f"shared = bytearray(b'x') * {40 * MIB}\n"
        "child = os.fork()\n"
        f"own = bytearray(b'x') * {20 * MIB}\n"
        "time.sleep(0.7)\n"
        "child and os.wait()\n"
    )
    peak_mb = process.run(python(code)).peak_mb
    assert 40 + 2 * 20 <= peak_mb < 40 + 2 * 20 + 35


def test_a_process_that_gets_a_strangers_id_counts(monkeypatch):
    listings = iter((["77"], [], ["77"]))
    sessions = iter((1, 42))
    monkeypatch.setattr(os, "listdir", lambda path: next(listings))
    monkeypatch.setattr(os, "getsid", lambda process: next(sessions))
    kb = {"Pss_Anon": 2048, "Rss": 3072, "Anonymous": 2048}
    monkeypatch.setattr(process, "_memory_kb", lambda name: kb)
    memory = process.SessionMemory(42)
    assert [memory.now_mb() for _ in range(3)] == [0.0, 0.0, 3.0]


@pytest.mark.skipif(not HAS_PROC, reason="needs Linux's /proc")
def test_what_a_command_leaves_running_is_ended(tmp_path):
    path = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "open(sys.argv[1], 'w').write(str(child.pid))\n"
    )
    process.run(python(code, str(path)))
    for _ in range(100):
        try:
            state = open(f"/proc/{path.read_text()}/stat").read().split()[2]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child is still there")


def test_rounds_alternate_and_outputs_are_deleted(tmp_path):
    log, output = tmp_path / "log", tmp_path / "output"
    code = (
        "import os, sys\n"
        "open(sys.argv[1], 'a').write(sys.argv[3])\n"
        "os.makedirs(sys.argv[2] + '/part')\n"  # Fails if it is still there.
    )
    contenders = [
        Contender(
            name, "runs/s", python(code, log, output, name), 1, (str(output),)
        )
        for name in "abc"
    ]
    results = rounds.run_rounds(contenders, 3)
    assert log.read_text() == "abccbaabc"
    assert not output.exists()
    assert [len(results[name].samples) for name in "abc"] == [3, 3, 3]


def test_a_rate_is_items_over_the_whole_process():
    sample = rounds.run_once(
        Contender("a", "pairs/s", python("import time; time.sleep(0.5)"), 100)
    )
    assert 0 < sample.value < 200


def test_a_contender_without_items_prints_its_own_value():
    contender = Contender("a", "images/s", python("print('x'); print(12.5)"))
    assert rounds.run_once(contender).value == 12.5


def test_a_second_number_is_the_peak_that_the_contender_knows_better():
    contender = Contender("a", "images/s", python("print(12.5, 2048.25)"))
    assert rounds.run_once(contender) == Sample(12.5, 2048.25)


def test_a_last_line_that_is_no_number_is_an_error():
    contender = Contender("a", "images/s", python("print(1); print('done')"))
    with pytest.raises(process.CommandError, match="number, is 'done'"):
        rounds.run_once(contender)


def test_a_row_holds_median_extremes_and_the_highest_peak():
    samples = (Sample(3.0, 10.0), Sample(1.0, 30.0), Sample(2.0, 20.0))
    assert Result(Contender("a", "pairs/s"), samples).row() == {
        "name": "a",
        "unit": "pairs/s",
        "median": 2.0,
        "min": 1.0,
        "max": 3.0,
        "peak_mb": 30.0,
    }


def test_a_ratio_is_the_median_of_the_rounds_own_ratios():
    results = {
        "a": result("a", 10.0, 4.0, 9.0),
        "b": result("b", 1.0, 2.0, 3.0),  # 10, 2, 3; medians would give 4.5
        "c": result("c"),
    }
    assert rounds.ratio(results, "a", "b") == 3.0
    assert rounds.ratio(results, "a", "c") is None


def test_the_table_says_why_a_contender_was_not_measured():
    results = {
        "a": result("a", 1234.5, 12.345, 0.5, peak_mb=151.6),
        "b": result("b", not_measured="no interpreter"),
    }
    assert report.table(results).splitlines()[2:] == [
        "| a | 12.3 | 0.5 | 1,234 | pairs/s | 152 |",
        "| b | not measured: no interpreter |  |  | pairs/s | - |",
    ]
    lines = report.ratio_lines({"a / b": 2.0, "a / c": None})
    assert lines == "a / b: 2.00\na / c: not measured"


def test_the_json_file_holds_rows_ratios_machine_and_versions(tmp_path):
    path = tmp_path / "figures.json"
    results = {"a": result("a", 2.0), "b": result("b", not_measured="-")}
    report.write_json(
        str(path), results, {"a / b": None}, ("numpy", "no-such-package")
    )
    content = json.loads(path.read_text())
    assert [row["name"] for row in content["rows"]] == ["a", "b"]
    assert content["rows"][1]["median"] is None
    assert content["ratios"] == {"a / b": None}
    assert set(content["machine"]) == {
        "processor",
        "num_cores",
        "memory_mb",
        "system",
    }
    assert set(content["versions"]) == {"python", "numpy"}


def test_a_session_that_takes_long_to_look_at_is_seldom_looked_at(monkeypatch):
    looks = []

    def look(memory):
        looks.append(memory)
        time.sleep(0.02)
        return 7.0

    monkeypatch.setattr(process.SessionMemory, "now_mb", look)
    with process.started(("sleep", "0.9")) as running:
        running.process.wait()
    assert 1 <= len(looks) <= 3  # 18 at its own pace
    assert running.peak_mb == 7
