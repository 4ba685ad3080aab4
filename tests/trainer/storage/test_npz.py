import numpy as np
import pytest

from trainer.storage import npz

LARGE = np.random.default_rng(0).random((7, 4, 3)).astype(np.float32)
OTHERS = {
    "label_ids": np.array([7, 23, 200], np.uint8),
    "class_names": np.array(["road", "sky", "naïve"]),
}


def begin(path):
    writing = npz.write_rows(
        str(path), "probabilities", LARGE.shape, np.float16, OTHERS
    )
    next(writing)
    return writing


def write(path, heights):
    writing = begin(path)
    *parts, last = np.split(LARGE, np.cumsum(heights)[:-1])
    for rows in parts:
        writing.send(rows)
    assert not path.exists()
    with pytest.raises(StopIteration):
        writing.send(last)


def test_rows_become_an_array_that_numpy_loads(tmp_path):
    path = tmp_path / "a.npz"
    write(path, (3, 1, 3))
    with np.load(path) as content:  # which unpickles nothing
        assert content.files == ["label_ids", "class_names", "probabilities"]
        assert content["probabilities"].dtype == np.float16
        expected = LARGE.astype(np.float16)
        np.testing.assert_array_equal(content["probabilities"], expected)
        for name, array in OTHERS.items():
            np.testing.assert_array_equal(content[name], array)


def test_bytes_are_the_same_however_rows_come(tmp_path):
    write(tmp_path / "a.npz", (7,))
    write(tmp_path / "b.npz", (2, 4, 1))
    both = (tmp_path / name for name in ("a.npz", "b.npz"))
    first, second = (path.read_bytes() for path in both)
    assert first == second


def test_what_is_given_up_leaves_nothing(tmp_path):
    writing = begin(tmp_path / "a.npz")
    writing.send(LARGE[:2])
    assert len(list(tmp_path.iterdir())) == 1
    writing.close()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_is_told_at_once(tmp_path):
    with pytest.raises(OSError, match="too long"):
        begin(tmp_path / f"{'x' * 300}.npz")
