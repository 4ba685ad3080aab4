"""Reads the tensors of a PyTorch file, without PyTorch and without its code.

Such a file is a pickle, which can name any function of Python to be called.
Here it can name what rebuilds tensors and dictionaries, and nothing else.
"""

import collections
import dataclasses
import io
import pickle
import zipfile
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES = {
    "FloatStorage": np.dtype("<f4"),
    "DoubleStorage": np.dtype("<f8"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
}


class WeightsError(ValueError):
    """A file holds no tensors that can be read."""


@dataclasses.dataclass
class _Storage:
    """Numbers that tensors are views of; their bytes may come later.

    Attributes:
        dtype: The type of the numbers.
        length: How many there are.
        data: (length,) of `dtype`, once they are read.
    """

    dtype: np.dtype
    length: int
    data: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class _Tensor:
    """A view of a storage: where it begins, its shape and its strides."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self) -> np.ndarray:
        """Returns the numbers.

        Raises:
            WeightsError: Some of them are outside of the storage.
        """
        data = self.storage.data
        steps = list(zip(self.shape, self.strides, strict=True))
        last = self.offset + sum((size - 1) * step for size, step in steps)
        is_inside = self.offset >= 0 and all(
            size >= 1 and step >= 0 for size, step in steps
        )
        if data is None or not is_inside or last >= len(data):
            raise WeightsError("a tensor is larger than what was stored of it")
        view = np.lib.stride_tricks.as_strided(
            data[self.offset :],
            self.shape,
            [step * data.itemsize for step in self.strides],
        )
        return np.ascontiguousarray(view)


def read_tensors(path: str) -> dict[str, np.ndarray]:
    """Reads a state dictionary that `torch.save` wrote.

    Args:
        path: A file of either of PyTorch's formats, pickle or zip.

    Returns:
        Name → values.

    Raises:
        OSError: The file cannot be read.
        WeightsError: It holds something else.
    """
    try:
        with open(path, "rb") as file:
            is_zip = zipfile.is_zipfile(file)
            file.seek(0)
            found = _read_zip(file) if is_zip else _read_pickles(file)
        if not isinstance(found, dict):
            raise WeightsError("it holds no dictionary")
        return {
            str(name): tensor.read()
            for name, tensor in found.items()
            if isinstance(tensor, _Tensor)
        }
    except OSError:
        raise
    except Exception as error:  # whatever a damaged pickle brings up
        raise WeightsError(
            f"it is damaged, or holds no tensors of PyTorch ({error})"
        ) from error


def _read_pickles(file: BinaryIO) -> Any:
    """Reads the older format: pickles, then each storage's bytes."""
    num_bytes = file.seek(0, io.SEEK_END)
    file.seek(0)
    storages: dict[str, _Storage] = {}

    def storage(kind: np.dtype, key: str, length: int) -> _Storage:
        if length * kind.itemsize > num_bytes:
            raise WeightsError("a storage is larger than the file")
        return storages.setdefault(key, _Storage(kind, length))

    if _Unpickler(file, storage).load() != _MAGIC:
        raise WeightsError("its first number is another one")
    if _Unpickler(file, storage).load() != _PROTOCOL:
        raise WeightsError("its version is another one")
    _Unpickler(file, storage).load()  # the writer's machine
    found = _Unpickler(file, storage).load()
    for key in _Unpickler(file, storage).load():
        part = storages[key]
        length = int.from_bytes(file.read(8), "little")
        if length != part.length:
            raise WeightsError("a storage has another length than was said")
        content = file.read(length * part.dtype.itemsize)
        part.data = np.frombuffer(content, part.dtype)
    return found


def _read_zip(file: BinaryIO) -> Any:
    """Reads the newer format: a zip, stored, of a pickle and storages."""
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        if any(entry.compress_type for entry in entries.values()):
            raise WeightsError("a compressed entry, which PyTorch never writes")
        [pickled] = [name for name in entries if name.endswith("/data.pkl")]
        folder = pickled.removesuffix("data.pkl")

        def storage(kind: np.dtype, key: str, length: int) -> _Storage:
            data = np.frombuffer(archive.read(f"{folder}data/{key}"), kind)
            return _Storage(kind, length, data)

        return _Unpickler(io.BytesIO(archive.read(pickled)), storage).load()


class _Unpickler(pickle.Unpickler):
    """Unpickles dictionaries of tensors, numbers and text."""

    def __init__(
        self,
        file: Any,
        storage: Callable[[np.dtype, str, int], _Storage],
    ):
        super().__init__(file, encoding="utf-8")
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        """Returns what a pickle may call; everything else is refused."""
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise WeightsError(f"it wants to call {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        """Returns a storage, which pickles name by a tuple."""
        _, kind, key, _, length = pid[:5]
        return self._storage(kind, str(key), int(length))


def _rebuild(
    storage: _Storage,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *_: Any,
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))
