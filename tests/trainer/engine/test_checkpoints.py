import errno
import io

import keras
import numpy as np
import pytest

from trainer.engine import checkpoints
from trainer.engine.checkpoints import Checkpoint, CheckpointError


def make(step):
    arrays = {"model/000": np.full((2, 3), step, np.float32)}
    return Checkpoint(step, arrays, {"best": 0.5, "rows": [{"epoch": step}]})


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    path = checkpoints.save(str(tmp_path), make(7), num_kept=2)
    assert path == f"{tmp_path}/checkpoints/step-00000007.npz"
    found = checkpoints.load_latest(str(tmp_path))
    assert (found.step, found.host) == (7, make(7).host)
    assert list(found.arrays) == ["model/000"]
    assert found.arrays["model/000"].dtype == np.float32
    np.testing.assert_array_equal(found.arrays["model/000"], 7)


def test_only_the_latest_are_kept(tmp_path):
    for step in (1, 2, 10):
        checkpoints.save(str(tmp_path), make(step), num_kept=2)
    names = sorted(path.name for path in tmp_path.glob("*/*"))
    assert names == ["step-00000002.npz", "step-00000010.npz"]


@pytest.mark.parametrize(("num_kept", "kept"), [(1, [95]), (2, [90, 95])])
def test_a_broken_one_of_a_later_step_pushes_no_good_one_out(
    tmp_path, num_kept, kept
):
    for step in (80, 90, 100):
        path = checkpoints.save(str(tmp_path), make(step), num_kept=3)
    open(path, "wb").close()
    assert checkpoints.load_latest(str(tmp_path), lambda line: None).step == 90
    checkpoints.save(str(tmp_path), make(95), num_kept)
    names = sorted(path.name for path in tmp_path.glob("*/*"))
    assert names == [f"step-000000{step}.npz" for step in kept]


def test_no_checkpoint_is_no_error(tmp_path):
    assert checkpoints.load_latest(str(tmp_path)) is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_broken_checkpoint_falls_back_to_the_one_before(tmp_path, damage):
    checkpoints.save(str(tmp_path), make(1), num_kept=2)
    path = checkpoints.save(str(tmp_path), make(2), num_kept=2)
    content = bytearray(open(path, "rb").read())
    if damage == "flipped":
        content[content.index(b"\0\0\0@")] ^= 1  # a 2.0 of the array
    else:
        content = content[: len(content) // 2 if damage == "cut" else 0]
    open(path, "wb").write(content)
    said = []
    found = checkpoints.load_latest(str(tmp_path), said.append)
    assert found.step == 1
    assert said[0].startswith(f"{path} is broken (")


class _Unreadable(io.BytesIO):
    def read(self, *args):
        raise OSError(errno.EIO, "Input/output error")


def test_a_checkpoint_that_cannot_be_read_is_not_called_broken(
    tmp_path, monkeypatch
):
    for step in (1, 2):
        path = checkpoints.save(str(tmp_path), make(step), num_kept=2)
    monkeypatch.setattr(
        checkpoints.files, "open_binary", lambda path: _Unreadable()
    )
    text = rf"^{path} cannot be read \(Input/output error\); .* same command"
    with pytest.raises(CheckpointError, match=text):
        checkpoints.load_latest(str(tmp_path), pytest.fail)


def test_a_lack_of_memory_is_not_taken_for_damage(tmp_path, monkeypatch):
    checkpoints.save(str(tmp_path), make(1), num_kept=2)

    def refuse(*args, **options):
        raise MemoryError

    monkeypatch.setattr(checkpoints.np, "load", refuse)
    with pytest.raises(MemoryError):
        checkpoints.load_latest(str(tmp_path), pytest.fail)


class _Bomb:
    def __reduce__(self):
        return (pytest.fail, ("code of a checkpoint was run",))


@pytest.mark.parametrize(
    ("arrays", "save", "reason"),
    [
        ({"a": np.array([_Bomb()])}, np.savez, "allow_pickle=False"),
        ({"a": np.zeros(9999)}, np.savez_compressed, "a compressed entry"),
        ({}, np.savez, "host_json"),
    ],
)
def test_a_strangers_checkpoint_is_refused(tmp_path, arrays, save, reason):
    (tmp_path / "checkpoints").mkdir()
    save(tmp_path / "checkpoints" / "step-00000001.npz", **arrays)
    said = []
    with pytest.raises(CheckpointError, match="no checkpoint .* 1 is broken"):
        checkpoints.load_latest(str(tmp_path), said.append)
    assert reason in said[0]


def test_a_host_state_nested_too_deeply_is_a_broken_file(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    nested = np.frombuffer(b"[" * 100_000, np.uint8)
    np.savez(tmp_path / "checkpoints" / "step-00000001.npz", host_json=nested)
    said = []
    with pytest.raises(CheckpointError, match="no checkpoint .* 1 is broken"):
        checkpoints.load_latest(str(tmp_path), said.append)
    assert "recursion" in said[0]


def test_when_all_are_broken_nothing_is_overwritten(tmp_path):
    path = checkpoints.save(str(tmp_path), make(1), num_kept=2)
    open(path, "wb").close()
    with pytest.raises(CheckpointError, match="no checkpoint .* 1 is broken"):
        checkpoints.load_latest(str(tmp_path), lambda line: None)


def test_what_a_kill_left_half_written_is_removed(tmp_path):
    checkpoints.save(str(tmp_path), make(1), num_kept=2)
    left = tmp_path / "checkpoints" / f"step-00000002.{16 * 'a'}.partial.npz"
    left.write_bytes(b"PK")
    assert checkpoints.load_latest(str(tmp_path)).step == 1
    assert not left.exists()


def test_variables_come_back_by_group_and_order():
    some = [keras.Variable(np.arange(3.0), name="a")]
    arrays = checkpoints.collect({"model": some})
    assert list(arrays) == ["model/000"]
    others = [keras.Variable(np.zeros(3), name="a")]
    checkpoints.restore({"model": others}, arrays)
    np.testing.assert_array_equal(others[0].numpy(), [0, 1, 2])


def test_variables_of_another_network_are_refused():
    arrays = {"model/000": np.zeros(4)}
    variables = [keras.Variable(np.zeros(3), name="a")]
    with pytest.raises(CheckpointError, match=r"\(4,\) for model/000"):
        checkpoints.restore({"model": variables}, arrays)
