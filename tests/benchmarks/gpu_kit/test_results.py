import subprocess

from benchmarks.gpu_kit import results
from benchmarks.gpu_kit.stage import Row

ROWS = [
    Row("ours", "images/s", (1200.0, 1000.0, 1100.0), 9000.0, 0.41),
    Row("goal: speed", "at least 2.5", (2.0,), is_right=False),
    Row("PyTorch", note="not measured: no | PyTorch"),
]


def content(status="done", rows=ROWS):
    return {
        "small": False,
        "machine": {"processor": "CPU", "num_cores": 16, "memory_mb": 131072},
        "gpus": [
            {
                "name": "Card",
                "driver": "580.1",
                "memory_mb": 81559,
                "power_limit": "700 W",
            }
        ],
        "versions": {"python": "3.12.3", "jax": "0.11.2"},
        "stages": {
            "c": {
                "title": "The step",
                "status": status,
                "seconds": 99.6,
                "limit_seconds": 310,
                "rows": results.to_json(rows),
            }
        },
    }


def test_the_table_has_card_driver_versions_and_a_line_a_row():
    assert results.table(content()).splitlines() == [
        "Card (81,559 MiB, driver 580.1, 700 W). 16 cores of CPU, 128 GiB.",
        "python 3.12.3, jax 0.11.2.",
        "",
        "### c. The step",
        "",
        "100 s of 310: done",
        "",
        "| | median | min–max | unit | peak MiB | share | right | |",
        "|---|---:|---:|---|---:|---:|---|---|",
        "| ours | 1,100 | 1,000–1,200 | images/s | 9,000 | 41% |  |  |",
        "| goal: speed | 2 |  | at least 2.5 |  |  | NO |  |",
        "| PyTorch |  |  |  |  |  |  | not measured: no / PyTorch |",
    ]


def test_a_small_run_says_that_its_figures_do_not_count():
    assert "no figure" in results.table(content() | {"small": True})


def test_all_is_right_where_stages_are_done_and_no_row_is_wrong():
    assert not results.is_right(content())
    assert results.is_right(content(rows=ROWS[:1]))
    assert not results.is_right(content("ended at its limit", ROWS[:1]))


def test_the_driver_is_asked_for_all_cards(monkeypatch):
    line = "NVIDIA H100 80GB HBM3, 580.159.04, 81559, 700.00"
    other = "Card, unified, 580.159.04, [N/A], [N/A]"
    answer = subprocess.CompletedProcess((), 0, f"{line}\n{other}\n")
    monkeypatch.setattr(results.subprocess, "run", lambda *a, **k: answer)
    assert results._gpus() == [
        {
            "name": "NVIDIA H100 80GB HBM3",
            "driver": "580.159.04",
            "memory_mb": 81559,
            "power_limit": "700.00 W",
        },
        {
            "name": "Card, unified",
            "driver": "580.159.04",
            "memory_mb": 0,
            "power_limit": "[N/A] W",
        },
    ]
