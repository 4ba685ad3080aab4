"""The full state of a run in one file per checkpoint.

RUN/checkpoints/step-00000123.npz holds every variable of model and optimizer
and the host's own state.  It is written beside and renamed; the checksums of
the zip tell a broken file, and the one before takes its place.
"""

import dataclasses
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from schemas.quantities import counted
from trainer.config import run_dir
from trainer.storage import files

_HOST = "host_json"
_BROKEN = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    RuntimeError,
    TypeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What content that `save` did not write brings up, once it is in memory."""


class CheckpointError(ValueError):
    """A checkpoint cannot be used."""


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """The state of a run after a step.

    Attributes:
        step: The number of completed steps.
        arrays: Name → values, of variables and whatever else is large.
        host: What fits into JSON.
    """

    step: int
    arrays: dict[str, np.ndarray]
    host: dict[str, Any]


def save(model_dir: str, checkpoint: Checkpoint, num_kept: int) -> str:
    """Writes a checkpoint and removes those that are too old.

    Those of later steps go as well: the run resumed from before them, as they
    are broken.

    Returns:
        The file's path.
    """
    folder = files.join(model_dir, run_dir.CHECKPOINTS_DIR)
    files.make_folder(folder)
    file_name = f"step-{checkpoint.step:08d}.npz"
    path = files.join(folder, file_name)
    host = np.frombuffer(json.dumps(checkpoint.host).encode(), np.uint8)
    content: dict[str, Any] = {_HOST: host, **checkpoint.arrays}
    with files.replacing(path) as partial:
        np.savez(partial, **content)
    names = _names(folder)
    num_good = names.index(file_name) + 1
    for name in (*names[:num_good][:-num_kept], *names[num_good:]):
        files.remove(files.join(folder, name))
    return path


def load_latest(
    model_dir: str, report: Callable[[str], None] = print
) -> Checkpoint | None:
    """Reads the latest checkpoint that is complete; None where there is none.

    Args:
        model_dir: The run's folder.
        report: Is told of every broken file.

    Raises:
        CheckpointError: There are checkpoints and all of them are broken, or
            one cannot be read, which says nothing of what it holds.
    """
    folder = files.join(model_dir, run_dir.CHECKPOINTS_DIR)
    names = _names(folder)
    for name in reversed(names):
        path = files.join(folder, name)
        content = _read(path)
        try:
            return _parse(
                content, step=int(run_dir.CHECKPOINT.findall(name)[0])
            )
        except _BROKEN as error:
            report(f"{path} is broken ({error}); trying the one before")
    if names:
        raise CheckpointError(
            f"no checkpoint in {folder} can be read, "
            f"{counted(len(names), 'is', 'are')} broken; remove the folder to "
            "begin anew"
        )
    return None


def collect(groups: dict[str, list[keras.Variable]]) -> dict[str, np.ndarray]:
    """Copies variables to the host, named by group and order."""
    return {
        name: keras.ops.convert_to_numpy(variable.value)
        for name, variable in _named(groups)
    }


def restore(
    groups: dict[str, list[keras.Variable]], arrays: dict[str, np.ndarray]
) -> None:
    """Assigns collected values to variables.

    Raises:
        CheckpointError: A value is missing or has another shape; nothing
            was assigned then.
    """
    named = list(_named(groups))
    for name, variable in named:
        found = arrays[name].shape if name in arrays else "nothing"
        if found != tuple(variable.shape):
            raise CheckpointError(
                f"the checkpoint holds {found} for {name}, the model "
                f"{tuple(variable.shape)}; it is another network's"
            )
    for name, variable in named:
        variable.assign(arrays[name])


def _names(folder: str) -> list[str]:
    """Lists complete checkpoints, oldest first; removes what a kill left."""
    files.remove_partial(folder)
    names = files.names(folder)
    matches = filter(None, map(run_dir.CHECKPOINT.fullmatch, names))
    return [match[0] for match in sorted(matches, key=lambda m: int(m[1]))]


def _read(path: str) -> bytes:
    try:
        return files.read_bytes(path)
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read ({error.strerror or error}); make it "
            "readable and run the same command again, or remove it to resume "
            "from the one before"
        ) from error


def _parse(content: bytes, step: int) -> Checkpoint:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        if any(entry.compress_type for entry in archive.zip.infolist()):
            raise ValueError("a compressed entry, which `save` never writes")
        arrays = {name: np.asarray(archive[name]) for name in archive.files}
    host = json.loads(arrays.pop(_HOST).tobytes())
    return Checkpoint(step, arrays, host)


def _named(
    groups: dict[str, list[keras.Variable]],
) -> Iterator[tuple[str, keras.Variable]]:
    """Names variables by order: Keras's own names count up in a process."""
    for group, variables in groups.items():
        for index, variable in enumerate(variables):
            yield f"{group}/{index:03d}", variable
