"""What a network makes of its pictures' sizes, read off its graph."""

from typing import Any

import keras

from schemas import sizes

_SIDE_PX = 3 << 12
"""Of an imagined picture; divides by the factor of any network in use."""


def size_factor(model: keras.Model) -> int:
    """Computes what both sides of a network's pictures have to divide by.

    A network within the network is taken to see the coarsest feature map of
    the layers before it.

    Args:
        model: A functional network of (B, None, None, channels).

    Returns:
        The side of the square of pixels that one value of its coarsest
        feature map stands for; 1 for a network that looks at single pixels.
    """
    operations = [
        operation
        for operation in getattr(model, "operations", model.layers)
        if not isinstance(operation, keras.layers.InputLayer)
    ]
    plain = [op for op in operations if not isinstance(op, keras.Model)]
    outputs = [tensor for op in plain for tensor in _flat(op.output)]
    shapes = keras.Model(model.inputs, outputs).compute_output_shape(
        (1, _SIDE_PX, _SIDE_PX, model.input_shape[-1])
    )
    shrinkages = iter(map(_shrinkage, shapes))
    factor = 1
    for operation in operations:
        if isinstance(operation, keras.Model):
            factor *= size_factor(operation)
        else:
            for _ in _flat(operation.output):
                factor = max(factor, next(shrinkages))
    return factor


def check_maps(model: keras.Model, path: str) -> None:
    """Checks that a network takes RGB pictures and gives each pixel an output.

    Args:
        model: The network.
        path: Its file, to be named.

    Raises:
        ValueError: It does not.
    """
    shape = model.input_shape
    if not isinstance(shape, tuple) or len(shape) != 4 or shape[-1] != 3:
        raise ValueError(
            f"{path} takes {shape} where RGB pictures (B, H, W, 3) are wanted; "
            "take the network of a run"
        )
    size = shape[1] or _SIDE_PX, shape[2] or _SIDE_PX
    _, *given, _ = model.compute_output_shape((1, *size, 3))
    if tuple(given) != size:
        raise ValueError(
            f"{path} gives {given[0]}x{given[1]} outputs for a picture of "
            f"{sizes.to_text(size)}, not one a pixel; take the network of a run"
        )


def _flat(tensors: Any) -> list:
    return tensors if isinstance(tensors, list) else [tensors]


def _shrinkage(shape: tuple[int, ...]) -> int:
    """Returns the pixels a side of one value; 1 for what is no map."""
    is_map = len(shape) == 4 and shape[1] > 1
    return round(_SIDE_PX / shape[1]) if is_map else 1
