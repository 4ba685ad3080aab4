import collections
import io
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest

from trainer.models import torch_weights
from trainer.models.torch_weights import WeightsError, read_tensors

NUMBERS = np.arange(12, dtype=np.float32)


class FakeTensor:
    """Pickles as a tensor of PyTorch's does."""

    def __init__(self, torch, offset, shape, strides, storage="0"):
        self.parts = (Storage(torch, storage), offset, shape, strides, False)
        self.rebuild = torch._utils._rebuild_tensor_v2

    def __reduce__(self):
        return self.rebuild, (*self.parts, collections.OrderedDict())


class Storage:
    def __init__(self, torch, key):
        self.pid = ("storage", torch.FloatStorage, key, "cpu", 12)


class Pickler(pickle.Pickler):
    def persistent_id(self, found):
        pid = found.pid if isinstance(found, Storage) else None
        return (*pid, None) if pid else None


@pytest.fixture
def torch(monkeypatch):
    """Modules with the names that a file of PyTorch's refers to."""
    fake, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2():
        """Is only referred to."""

    class FloatStorage:
        """Is only referred to."""

    for owner, found in ((utils, _rebuild_tensor_v2), (fake, FloatStorage)):
        found.__module__, found.__qualname__ = owner.__name__, found.__name__
        setattr(owner, found.__name__, found)
    fake._utils = utils
    monkeypatch.setitem(sys.modules, "torch", fake)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return fake


def pickled(*values):
    stream = io.BytesIO()
    for value in values:
        Pickler(stream, 2).dump(value)
    return stream.getvalue()


def write_old(path, state, length=12):
    content = pickled(
        torch_weights._MAGIC, torch_weights._PROTOCOL, {}, state, ["0"]
    )
    path.write_bytes(content + length.to_bytes(8, "little") + NUMBERS.tobytes())
    return str(path)


def write_zip(path, state, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("net/data.pkl", pickled(state))
        archive.writestr("net/data/0", NUMBERS.tobytes())
    return str(path)


@pytest.mark.parametrize("write", [write_old, write_zip])
def test_tensors_come_back_in_either_format(torch, tmp_path, write):
    state = collections.OrderedDict(
        whole=FakeTensor(torch, 0, (3, 4), (4, 1)),
        turned=FakeTensor(torch, 1, (2, 3), (1, 2)),
        steps=3,
    )
    found = read_tensors(write(tmp_path / "net.pth", state))
    assert list(found) == ["whole", "turned"]
    np.testing.assert_array_equal(found["whole"], NUMBERS.reshape(3, 4))
    np.testing.assert_array_equal(found["turned"], [[1, 3, 5], [2, 4, 6]])


@pytest.mark.parametrize("write", [write_old, write_zip])
def test_a_file_runs_no_code(torch, tmp_path, write):
    class Bomb:
        def __reduce__(self):
            return pytest.fail, ("code of a file was run",)

    with pytest.raises(WeightsError, match="it wants to call _pytest"):
        read_tensors(write(tmp_path / "net.pth", {"bomb": Bomb()}))


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [
        (1, (3, 4), (4, 1)),
        (0, (3, 4), (9, 1)),
        (-1, (1,), (1,)),
        (9, (2,), (-9,)),
    ],
)
def test_a_tensor_cannot_reach_out_of_its_storage(
    torch, tmp_path, offset, shape, strides
):
    state = {"some": FakeTensor(torch, offset, shape, strides)}
    with pytest.raises(WeightsError, match="larger than what was stored"):
        read_tensors(write_zip(tmp_path / "net.pth", state))


def test_damaged_files_are_errors(torch, tmp_path):
    path = tmp_path / "net.pth"
    state = {"whole": FakeTensor(torch, 0, (3, 4), (4, 1))}
    write_old(path, state)
    whole = path.read_bytes()
    text = "^it is damaged, or holds no tensors of PyTorch"
    for content in (b"", b"text", whole[:40], whole[:-20]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=text):
            read_tensors(str(path))
    with pytest.raises(WeightsError, match="another length than was said"):
        read_tensors(write_old(path, state, length=11))
    with pytest.raises(WeightsError, match="compressed entry"):
        read_tensors(write_zip(path, state, zipfile.ZIP_DEFLATED))
