"""Weights of an earlier network: read from its .keras file, without its code.

Layers are told by their names.  Those that Keras makes up count up in a
process; such a layer is told by its kind, its number among those of its kind
and theirs, so that a layer of another architecture is not taken for it.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import h5py
import keras
import numpy as np

from schemas.labels.table import LabelSpace
from schemas.quantities import counted
from trainer.models.encoders import mark_learned, weighted_layers
from trainer.models.saved import (
    check_unpacked_size,
    is_damage,
    local_copy,
    stored_spaces,
)

_WEIGHTS = "model.weights.h5"
_NUMBER = re.compile(r"_(\d+)$")


class Taken(NamedTuple):
    """What a network has taken over.

    Attributes:
        num_taken: The variables that it took.
        num_variables: All that it has.
        new_layers: The names of the layers that begin anew.
    """

    num_taken: int
    num_variables: int
    new_layers: list[str]


def take_weights(
    model: keras.Model, plain: keras.Model, path: str, space: LabelSpace
) -> Taken:
    """Takes over the layers of the same names and shapes.

    Args:
        model: A network of `build_training_network`; what it takes over
            begins as learned elsewhere.
        plain: The same of `build_plain_network`, whose names are those of
            saved files.
        path: The .keras file, local or remote.
        space: The ids that the network is to tell apart; where those of the
            file are known to be others, the last layer is not taken.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is damaged or not one of Keras's, or no layer but the
            last fits; names it.
    """
    names = dict(
        _told_apart(
            (type(layer).__name__.lower(), layer.name)
            for layer in weighted_layers(plain)
        )
    )
    layers = weighted_layers(model)
    wanted = {
        name: [tuple(variable.shape) for variable in layer.weights]
        for name, layer in zip(names, layers, strict=True)
    }
    with local_copy(path) as local:
        stored = stored_spaces(local, path)
        if stored and stored[0].class_names != space.class_names:
            wanted.popitem()
        found = _read(local, path, wanted)
    *all_but_last, _ = names
    if found.keys().isdisjoint(all_but_last):
        raise ValueError(
            f"--init_from: none of the {counted(len(layers), 'layer')} of this "
            f"network is in {path} with the same name and shape, the last one "
            "aside; give one of the same --encoder and filters, or leave out "
            "--init_from"
        )
    num_taken, new_layers = 0, []
    for (name, shown), layer in zip(names.items(), layers, strict=True):
        if name in found:
            layer.set_weights(found[name])
            mark_learned([layer], True)
            num_taken += len(found[name])
        else:
            new_layers.append(shown)
    return Taken(num_taken, len(model.variables), new_layers)


def _read(
    local: str, path: str, wanted: dict[str, list[tuple[int, ...]]]
) -> dict[str, list[np.ndarray]]:
    """Reads the layers of a file that are wanted, as far as they fit."""
    try:
        check_unpacked_size(local)
        with zipfile.ZipFile(local) as archive:
            content = io.BytesIO(archive.read(_WEIGHTS))
        with h5py.File(content, "r") as file:
            return {
                name: [np.asarray(part, np.float32) for part in stored]
                for name, stored in _stored_layers(file)
                if wanted.get(name) == [part.shape for part in stored]
            }
    except Exception as error:  # whatever damage brings up
        if not is_damage(error):
            raise
        raise _broken(path, error) from error


def _broken(path: str, error: Exception) -> ValueError:
    return ValueError(
        f"{path} is not a network that Keras has saved ({error}); give "
        "--init_from the folder of a run or its .keras file"
    )


def _stored_layers(
    file: h5py.File,
) -> Iterator[tuple[str, list[h5py.Dataset]]]:
    """Yields the layers that have weights, in the network's order."""
    groups = {}
    for key in _inside(file, "layers"):
        variables = _inside(file["layers"][key], "vars")
        parts = [variables[part] for part in sorted(variables, key=int)]
        if parts:
            groups[key] = parts, str(variables.attrs.get("name", key))
    keys = sorted(groups, key=lambda key: int((*_NUMBER.findall(key), 0)[0]))
    kinds = ((_kind(key), groups[key][1]) for key in keys)
    for key, (name, _) in zip(keys, _told_apart(kinds), strict=True):
        yield name, groups[key][0]


def _inside(group: h5py.Group, name: str) -> h5py.Group:
    """Returns a group within a group; none of either links elsewhere.

    Raises:
        ValueError: A link, or numbers that lie in another file.
    """
    _check_links(group, [name])
    inner = group[name]
    _check_links(inner, inner)
    for part in inner.values():
        if isinstance(part, h5py.Dataset) and (
            part.is_virtual or part.external
        ):
            raise ValueError(f"{part.name!r} lies in another file")
    return inner


def _check_links(group: h5py.Group, names: Iterable[str]) -> None:
    for name in names:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{name!r} is a link")


def _told_apart(
    layers: Iterable[tuple[str, str]],
) -> Iterator[tuple[str, str]]:
    """Yields what layers are told by, and their names.

    Args:
        layers: Kind, as of `_kind`, and name of each, in order.
    """
    layers = list(layers)
    totals = Counter(kind for kind, name in layers if _kind(name) == kind)
    counts: Counter[str] = Counter()
    for kind, name in layers:
        told_by = name
        if _kind(name) == kind:
            told_by = f"{kind} number {counts[kind]} of {totals[kind]}"
            counts[kind] += 1
        yield told_by, name


def _kind(name: str) -> str:
    """Returns the kind that Keras made a name of: conv2d_3 → conv2d."""
    return _NUMBER.sub("", name).replace("_", "")
