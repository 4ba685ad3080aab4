"""NumPy's .npz, written a few rows at a time."""

import zipfile
from collections.abc import Generator, Mapping

import numpy as np
from numpy.lib import format as npy

from trainer.storage import files

_LEVEL = 1
"""Of deflate: the next ones take much longer and save little."""


def write_rows(
    path: str,
    name: str,
    shape: tuple[int, ...],
    dtype: type[np.generic],
    others: Mapping[str, np.ndarray],
) -> Generator[None, np.ndarray, None]:
    """Writes a compressed .npz, whole or not at all.

    To be advanced once, and sent arrays until their rows are all there; with
    the last one it ends, and the file has its name.  Closed before, it leaves
    nothing.

    Args:
        path: The file, local or remote.
        name: The name of the large array.
        shape: Its shape; what is sent is of its rows, from the first one.
        dtype: What it is stored as.
        others: Small arrays beside it, by name.

    Raises:
        OSError: It cannot be written; names `path`.
    """
    header = {
        "descr": npy.dtype_to_descr(np.dtype(dtype)),
        "fortran_order": False,
        "shape": shape,
    }
    with (
        files.replacing(path) as partial,
        zipfile.ZipFile(
            partial, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL
        ) as archive,
    ):
        for other, array in others.items():
            with archive.open(f"{other}.npy", "w") as entry:
                npy.write_array(entry, array, allow_pickle=False)
        with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
            npy.write_array_header_1_0(entry, header)
            num_left = shape[0]
            while num_left:
                rows = yield
                entry.write(np.ascontiguousarray(rows, dtype).data)
                num_left -= len(rows)
