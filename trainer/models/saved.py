"""Saved networks: written, opened, recognized, wrapped to take raw pixels.

RUN/best.keras and RUN/last.keras load without this project's code.
"""

import contextlib
import errno
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from schemas.labels.cityscapes import LABEL_IDS, TRAIN_IDS
from schemas.labels.table import LabelSpace, LabelTable
from schemas.quantities import byte_size
from trainer.config import run_dir
from trainer.config.model import ModelConfig
from trainer.models.build import build_plain_network
from trainer.models.strides import check_maps
from trainer.storage import files

_LABELS_ENTRY = "labels.json"
"""In a .keras file, where Keras takes no notice of it."""

_SMALL_BYTES = 64 << 20
_MAX_RATIO = 8
"""What a .keras file unpacks to: so much, and so many times its own size."""


class Network(NamedTuple):
    """A trained network.

    Attributes:
        model: Takes (B, H, W, 3) in [-1, 1]; gives (B, H, W, C) logits or
            probabilities.
        space: The ids of its outputs.
    """

    model: keras.Model
    space: LabelSpace


def save_network(
    model_dir: str,
    model: keras.Model,
    config: ModelConfig,
    is_best: bool,
    offsets: np.ndarray | None = None,
) -> None:
    """Writes RUN/last.keras, of Keras's float32 layers in any case.

    Args:
        model_dir: The run's folder.
        model: A network of `build_training_network`.
        config: What it was built from.
        is_best: Whether RUN/best.keras becomes the same.
        offsets: (C,) float32, what its logits are more than the model's, where
            that is not -inf; None for nothing.
    """
    shifts = 0 if offsets is None else np.where(offsets > -np.inf, offsets, 0)
    is_shifted = np.any(shifts)
    if is_shifted or not all(map(_is_plain, model.layers)):
        plain = build_plain_network(config)
        plain.set_weights(model.get_weights())
        model = plain
    if is_shifted:
        bias = model.get_layer("logits").bias
        bias.assign(bias + shifts)
    last_path = files.join(model_dir, run_dir.LATEST_NETWORK)
    with files.replacing(last_path) as partial:
        model.save(partial)
        store_space(partial, config.space)
    if is_best:
        best_path = files.join(model_dir, run_dir.BEST_NETWORK)
        with files.replacing(best_path) as partial:
            with files.open_binary(last_path) as source:
                with open(partial, "wb") as target:
                    shutil.copyfileobj(source, target)


def load_network(path: str) -> Network:
    """Opens the .keras file of a run, local or remote.

    Raises:
        ValueError: It is damaged, is not such a file, or tells no known
            classes apart; names it.
    """
    with local_copy(path) as local:
        model = _open(local, path)
        return Network(model, _space_of(model, local, path))


def load_model(path: str) -> keras.Model:
    """Opens any .keras file, local or remote.

    Raises:
        ValueError: It is damaged or is not such a file; names it.
    """
    with local_copy(path) as local:
        return _open(local, path)


def _open(local: str, path: str) -> keras.Model:
    try:
        check_unpacked_size(local)
        return keras.models.load_model(local, compile=False)
    except Exception as error:  # Keras lets through what damage brings up.
        raise ValueError(
            f"{path} is not a network that Keras can open: {error}"
        ) from error


@contextlib.contextmanager
def local_copy(path: str) -> Iterator[str]:
    """Gives the path of a file on this machine, of a remote one for a while."""
    if not files.is_remote(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        local = os.path.join(folder, "network.keras")
        with files.open_binary(path) as source, open(local, "wb") as target:
            shutil.copyfileobj(source, target)
        yield local


def check_unpacked_size(path: str) -> None:
    """Checks what a .keras file would unpack to, before Keras unpacks it.

    Keras stores weights without compression; an archive that claims many
    times its own size holds something else.

    Raises:
        ValueError: It claims too much.
    """
    if not zipfile.is_zipfile(path):
        return  # Keras says best what it is.
    with zipfile.ZipFile(path) as archive:
        num_bytes = sum(entry.file_size for entry in archive.infolist())
    limit = _SMALL_BYTES + _MAX_RATIO * os.path.getsize(path)
    if num_bytes > limit:
        raise ValueError(
            f"it would unpack to {byte_size(num_bytes)}, more than "
            f"{byte_size(limit)} that its size allows for"
        )


def _space_of(model: keras.Model, local: str, path: str) -> LabelSpace:
    """Tells which ids a network's outputs are.

    A file that does not say so is of Cityscapes' table, and of the space
    that has the number of its outputs.

    Raises:
        ValueError: The number or a shape is another, or the table is damaged.
    """
    if len(model.output_shape) != 4:
        raise ValueError(
            f"the network gives {model.output_shape} where (B, H, W, classes) "
            "is wanted; what --mode=export wrote is for others to apply, take "
            "the run's own network"
        )
    check_maps(model, path)
    num_outputs = model.output_shape[-1]
    spaces = stored_spaces(local, path) or (LABEL_IDS, TRAIN_IDS)
    for space in spaces:
        if space.num_classes == num_outputs:
            return space
    known = " or ".join(
        f"{space.num_classes} ({space.name})" for space in spaces
    )
    raise ValueError(
        f"the network has {num_outputs} outputs, wanted {known}; take the "
        "network of a run on such a data set"
    )


def is_damage(error: Exception) -> bool:
    """Whether what a zip holds brought an error up, not the file system.

    A zip that is damaged may seek to a place before its begin.
    """
    return getattr(error, "errno", None) in (None, errno.EINVAL)


def store_space(path: str, space: LabelSpace) -> None:
    """Puts the table of its classes into a .keras file, which is a zip."""
    content = {"label_space": space.name, "labels": space.table.to_json()}
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(_LABELS_ENTRY, json.dumps(content))


def stored_spaces(local: str, path: str) -> tuple[LabelSpace, ...]:
    """Reads what `store_space` put there; nothing where it did not.

    Raises:
        ValueError: It is damaged.
    """
    if not zipfile.is_zipfile(local):
        return ()
    try:
        with zipfile.ZipFile(local) as archive:
            if _LABELS_ENTRY not in archive.namelist():
                return ()
            content = json.loads(archive.read(_LABELS_ENTRY))
        table = LabelTable.from_json(content["labels"])
        return (table.space(content["label_space"]),)
    except Exception as error:  # whatever damage brings up
        if not is_damage(error):
            raise
        raise ValueError(
            f"the table of classes in {path} is damaged ({error!r}); take "
            "another network of its run"
        ) from error


def pixels_to_probabilities(
    model: keras.Model,
    clone_layer: Callable[[keras.Layer], keras.Layer] | None = None,
    seen: np.ndarray | None = None,
) -> keras.Model:
    """Puts normalization before a network and, after logits, softmax.

    The network may have been built for one picture size; its copy here
    takes any that divides by its `size_factor`.

    Args:
        model: The network.
        clone_layer: A layer → what takes its place, with the same weights;
            None keeps all layers.
        seen: (C,) bool, the outputs that are kept, as if the others' logits
            were masked; None for all.

    Returns:
        A model of (B, H, W, 3) uint8 → (B, H, W, outputs) float32.
    """
    if clone_layer or None not in model.input_shape[1:3]:
        copy = keras.models.clone_model(
            model, keras.Input((None, None, 3)), clone_layer
        )
        copy.set_weights(model.get_weights())
        model = copy
    pixels = keras.Input((None, None, 3), dtype="uint8")
    outputs = model(keras.layers.Rescaling(1 / 127.5, -1.0)(pixels))
    ends_in_softmax = _ends_in_softmax(model)
    if seen is not None:
        outputs = _select(outputs, seen)
        if ends_in_softmax:
            total = ops.sum(outputs, -1, keepdims=True)
            outputs = outputs / ops.maximum(total, keras.config.epsilon())
    if not ends_in_softmax:
        outputs = keras.layers.Softmax(dtype="float32")(outputs)
    return keras.Model(pixels, outputs)


def _is_plain(layer: keras.Layer) -> bool:
    """Returns whether a layer loads anywhere and computes in float32."""
    is_keras = type(layer).__module__.startswith("keras.")
    return is_keras and layer.dtype_policy.name == "float32"


def output_label_ids(
    space: LabelSpace, seen: np.ndarray | None = None
) -> np.ndarray:
    """Returns the labelId of each output of `pixels_to_probabilities`."""
    ids = np.arange(space.num_classes) if seen is None else np.flatnonzero(seen)
    return space.to_label_ids[ids]


def _select(outputs: Any, seen: np.ndarray) -> Any:
    """Keeps the seen of (B, H, W, C), by a layer that never learns."""
    kernel = np.eye(seen.size, dtype=np.float32)[:, seen]
    layer = keras.layers.Dense(
        kernel.shape[1],
        use_bias=False,
        kernel_initializer="zeros",
        trainable=False,
        dtype="float32",
    )
    outputs = layer(outputs)
    layer.set_weights([kernel])
    return outputs


def _ends_in_softmax(model: keras.Model) -> bool:
    last = model.layers[-1]
    activation = getattr(last, "activation", None)
    return (
        isinstance(last, keras.layers.Softmax)
        or activation is keras.activations.softmax
    )
