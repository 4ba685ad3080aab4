import pytest

from trainer.storage import memory

MIB = 1 << 20


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """The folders of a machine with 100 MiB free, and no groups yet."""
    proc, groups = tmp_path / "proc", tmp_path / "cgroup"
    (proc / "self").mkdir(parents=True)
    groups.mkdir()
    (proc / "meminfo").write_text(
        f"MemTotal: {200 * 1024} kB\nMemAvailable:   {100 * 1024} kB\n"
    )
    monkeypatch.setattr(memory, "PROC", proc)
    monkeypatch.setattr(memory, "CGROUPS", groups)
    return proc, groups


def write(groups, contents):
    for path, content in contents.items():
        file = groups / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{content}\n")


def test_without_groups_it_is_what_the_machine_has(machine):
    assert memory.free_bytes() == 100 * MIB


def test_the_tightest_group_above_the_process_decides(machine):
    proc, groups = machine
    (proc / "self/cgroup").write_text("0::/job_7/step_0\n")
    write(
        groups,
        {
            "job_7/memory.max": 60 * MIB,
            "job_7/memory.current": 30 * MIB,
            "job_7/memory.stat": f"anon 1\ninactive_file {10 * MIB}",
            "job_7/step_0/memory.max": "max",
            "job_7/step_0/memory.current": 5 * MIB,
            "job_7/step_0/memory.stat": "inactive_file 0",
            "other/memory.max": 1,
        },
    )
    assert memory.free_bytes() == (60 - 30 + 10) * MIB


def test_groups_of_version_1_count_too(machine):
    proc, groups = machine
    (proc / "self/cgroup").write_text(
        "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n"
    )
    write(
        groups,
        {
            # Of a container, whose own group is the root that it sees.
            "memory/memory.limit_in_bytes": 50 * MIB,
            "memory/memory.usage_in_bytes": 20 * MIB,
            "memory/memory.stat": f"total_inactive_file {MIB}",
        },
    )
    assert memory.free_bytes() == (50 - 20 + 1) * MIB


def test_a_group_beyond_its_limit_leaves_nothing(machine):
    proc, groups = machine
    (proc / "self/cgroup").write_text("0::/\n")
    write(
        groups,
        {
            "memory.max": 50 * MIB,
            "memory.current": 51 * MIB,
            "memory.stat": "inactive_file 0",
        },
    )
    assert memory.free_bytes() == 0
