import json
import os
import sys
import time

import pytest

from benchmarks.gpu_kit import results, run, stage

EMITS = """
from benchmarks.gpu_kit import stage
stage.emit(stage.Row("first", "s", (1.0, 3.0, 2.0), is_right=True))
stage.absent("second", "time was up")
"""


def run_code(tmp_path, code, limit=60.0):
    return run.run_stage(
        (sys.executable, "-c", code),
        limit,
        str(tmp_path / "a.log"),
        dict(os.environ),
    )


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """Runs some code as each of two stages; returns code and results."""

    def start(*codes):
        modules = []
        for number, code in enumerate(codes):
            (tmp_path / f"coded{number}.py").write_text(code)
            modules.append(f"coded{number}")
        stages = {
            key: run.Stage(f"Stage {key}", module, 30, 30)
            for key, module in zip("ab", modules, strict=True)
        }
        monkeypatch.setattr(run, "STAGES", stages)
        monkeypatch.setattr(run, "_MODULES", "")
        monkeypatch.setenv(
            "PYTHONPATH", os.pathsep.join([os.getcwd(), str(tmp_path)])
        )
        argv = ["run", f"--kit_dir={tmp_path}", "--small", "--stages=a,b"]
        monkeypatch.setattr(sys, "argv", argv)
        code = run.main()
        text = (tmp_path / "results" / results.JSON_NAME).read_text()
        return code, json.loads(text)

    return start


def test_a_stage_that_fails_does_not_stop_the_others(kit):
    code, content = kit("import sys; sys.exit('broken')", EMITS)
    assert code == 1
    first, second = content["stages"].values()
    assert first["status"] == "failed with exit code 1; see a.log"
    assert second["status"] == "done"
    assert [row["median"] for row in second["rows"]] == [2.0, None]


def test_all_is_right_where_every_stage_says_so(kit):
    assert kit(EMITS, EMITS)[0] == 0


def test_a_wrong_row_is_an_exit_code(kit):
    code, _ = kit(EMITS, EMITS.replace("is_right=True", "is_right=False"))
    assert code == 1


def test_a_stage_ends_at_its_limit_and_keeps_what_it_has_shown(tmp_path):
    begin = time.monotonic()
    told = run_code(tmp_path, f"{EMITS}\nimport time; time.sleep(60)", 3.0)
    assert time.monotonic() - begin < 30
    assert told["status"] == "ended at its limit; see a.log"
    names = [row["name"] for row in told["rows"]]
    assert names in ([], ["first", "second"])  # a busy machine starts slowly


def test_what_a_stage_started_ends_with_it(tmp_path):
    pid_path = tmp_path / "pid"
    code = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"])
open({str(pid_path)!r}, "w").write(str(child.pid))
"""
    assert run_code(tmp_path, code)["status"] == "done"
    with pytest.raises(ProcessLookupError):
        for _ in range(100):
            os.kill(int(pid_path.read_text()), 0)
            if is_zombie(pid_path.read_text()):
                raise ProcessLookupError
            time.sleep(0.1)


def is_zombie(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


def test_the_limits_add_up_to_eight_minutes_and_the_step_gets_the_rest(
    monkeypatch,
):
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    alone = run.limits_of(is_small=False, num_gpus=1)
    several = run.limits_of(is_small=False, num_gpus=2)
    assert alone["a"] + alone["b"] + alone["c"] == 480
    assert alone["c"] - several["c"] == several["d"]
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: name)
    assert sum(run.limits_of(is_small=False, num_gpus=2).values()) == 480


def test_every_cache_is_in_the_kits_folder():
    paths = [
        value
        for name, value in run.environment("/kit/work", True).items()
        if name.endswith(("_DIR", "_PATH", "_HOME", "TMPDIR"))
    ]
    assert len(paths) == 7
    assert all(path.startswith("/kit/work/") for path in paths)


def test_a_later_row_takes_the_place_of_an_earlier_one():
    rows = [
        'row {"name": "a", "unit": "", "values": [], "peak_mb": null, '
        '"share": null, "is_right": null, "note": "not measured: late"}',
        "some library talks",
        'row {"name": "a", "unit": "s", "values": [1.5], "peak_mb": 2.0, '
        '"share": 0.5, "is_right": true, "note": ""}',
        'row {"name": "broken off',
    ]
    assert stage.read_rows("\n".join(rows)) == [
        stage.Row("a", "s", (1.5,), 2.0, 0.5, True)
    ]
