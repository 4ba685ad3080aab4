"""RUN/classes.json: how often each id occurred in training.

Kept beside the networks of a run, which stay plain Keras files.  Runs of
versions that did not write it, and networks from elsewhere, have none.
"""

import json

import numpy as np

from schemas.labels.table import LabelSpace
from schemas.quantities import counted
from trainer.config.flag import ConfigError
from trainer.storage import files

FILE_NAME = "classes.json"


def save(
    model_dir: str,
    space: LabelSpace,
    class_pixels: np.ndarray,
    ignore_void: bool,
) -> None:
    """Writes the pixels of each id that the loss counts.

    Args:
        model_dir: The run's folder.
        space: The ids.
        class_pixels: (num_classes,) int64, what an epoch of training draws.
        ignore_void: Whether classes that are not evaluated stay out
            of the loss.
    """
    text = _render(space, class_pixels, ignore_void)
    files.write_text(files.join(model_dir, FILE_NAME), text)


def are_of(
    model_dir: str,
    space: LabelSpace,
    class_pixels: np.ndarray,
    ignore_void: bool,
) -> bool:
    """Whether `save` wrote these pixels; False where the file is missing."""
    try:
        text = files.read_text(files.join(model_dir, FILE_NAME))
    except (OSError, ValueError):
        return False
    return text == _render(space, class_pixels, ignore_void)


def _render(
    space: LabelSpace, class_pixels: np.ndarray, ignore_void: bool
) -> str:
    counted = space.evaluated | (not ignore_void)
    pixels = np.where(counted, class_pixels, 0).tolist()
    content = {"label_space": space.name, "class_pixels": pixels}
    return json.dumps(content) + "\n"


def load(network_path: str, space: LabelSpace) -> np.ndarray | None:
    """Reads which ids a network has seen, from the file beside it.

    Returns:
        (C,) bool; None where there is no such file, or it counts nothing.

    Raises:
        ConfigError: It is damaged, or of another label space.
    """
    path = files.join(network_path.rpartition("/")[0] or ".", FILE_NAME)
    try:
        content = json.loads(files.read_text(path))
        name, pixels = content["label_space"], np.array(content["class_pixels"])
        is_fitting = name == space.name and pixels.shape == (space.num_classes,)
        seen = pixels > 0
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(
            f"{path} does not hold the pixels of each class ({error!r}); "
            "remove it, or give --mask_unseen=false"
        ) from error
    if not is_fitting:
        raise ConfigError(
            f"{path} holds {counted(pixels.size, 'count')} of {name}, "
            f"{network_path} "
            f"tells {space.num_classes} {space.name} apart; give "
            "--mask_unseen=false"
        )
    return seen if seen.any() else None
