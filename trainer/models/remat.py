"""Recomputation of activations: less memory for more time.

The network is cut where its resolution changes.  Only what crosses a cut is
kept for the backward pass; what lies between two cuts is computed again when
its gradient is due.  The pieces share the layers of the network, so that
variables, their order and saved models are those of the network itself.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

_PROBE_SIZE = 256
"""A picture's side that every network takes: its sizes tell the strides."""


class _Piece(NamedTuple):
    """A part of a network between cuts.

    Attributes:
        network: The part; gives a list of its outputs.
        inputs: The tensors of the whole network that it takes.
        outputs: Those that it gives.
    """

    network: keras.Model
    inputs: list[keras.KerasTensor]
    outputs: list[keras.KerasTensor]


def recomputing(model: keras.Model) -> Callable[[Any], Any]:
    """Returns the training pass of a network, recomputed piece by piece.

    The last layer is not computed again: nothing would be saved.

    Args:
        model: A network of one input and one output, each of whose layers is
            called once.

    Returns:
        A function that gives what `model(images, training=True)` gives and
        updates the moving statistics as often: once.
    """
    pieces = _pieces(model)
    head = model.layers[-1]

    def forward(images: Any) -> Any:
        kept = {id(model.inputs[0]): images}  # what crosses the cuts so far
        for piece in pieces:
            outputs = _recomputed(
                piece.network, [kept[id(tensor)] for tensor in piece.inputs]
            )
            kept |= zip(map(id, piece.outputs), outputs, strict=True)
        return head(kept[id(head.input)])

    return forward


def _pieces(model: keras.Model) -> list[_Piece]:
    """Cuts a network, but for its last layer, into parts of one resolution."""
    levels, head = _levels(model), model.layers[-1]
    taken: dict[int, dict[int, keras.KerasTensor]] = {}  # level → id → tensor
    given: dict[int, dict[int, keras.KerasTensor]] = {}
    for operation in _body(model):
        level = levels[id(operation.output)]
        for tensor in _inputs(operation):
            if levels[id(tensor)] != level:
                taken.setdefault(level, {})[id(tensor)] = tensor
    crossing = [tensor for part in taken.values() for tensor in part.values()]
    for tensor in (*crossing, head.input):
        if tensor is not model.inputs[0]:
            given.setdefault(levels[id(tensor)], {})[id(tensor)] = tensor
    pieces = []
    for level in sorted(given):
        inputs = list(taken[level].values())
        outputs = list(given[level].values())
        pieces.append(_Piece(keras.Model(inputs, outputs), inputs, outputs))
    return pieces


def _levels(model: keras.Model) -> dict[int, int]:
    """Counts the changes of resolution on the longest way to each tensor.

    Returns:
        id of a tensor → its count; the input's is -1, for it is no part's.
    """
    body = _body(model)
    probe = keras.KerasTensor((1, _PROBE_SIZE, _PROBE_SIZE, 3))
    specs = keras.Function(
        model.inputs, [operation.output for operation in body]
    ).compute_output_spec([probe])
    octaves: dict[int, int | None] = {id(model.inputs[0]): 0}
    levels = {id(model.inputs[0]): -1}
    for operation, spec in zip(body, specs, strict=True):
        inputs = _inputs(operation)
        before = {octaves[id(tensor)] for tensor in inputs} - {None}
        octave = _octave(spec.shape)
        is_cut = octave is not None and before != {octave}
        level = max(0, *(levels[id(tensor)] for tensor in inputs)) + is_cut
        octaves[id(operation.output)] = octave
        levels[id(operation.output)] = level
    return levels


def _octave(shape: tuple[int, ...]) -> int | None:
    """Returns how often the probe was halved, whatever pads it.

    None for a mean over the whole picture, by which channels are weighed:
    it is no change of resolution.
    """
    if len(shape) != 4 or shape[1] == 1:
        return None
    return round(math.log2(_PROBE_SIZE / shape[1]))


def _body(model: keras.Model) -> list[keras.Operation]:
    """Returns a network's operations in order, without input and head."""
    return [
        operation
        for operation in model.operations
        if operation is not model.layers[-1]
        and not isinstance(operation, keras.layers.InputLayer)
    ]


def _inputs(operation: keras.Operation) -> list[keras.KerasTensor]:
    return keras.tree.flatten(operation.input)


def _recomputed(piece: keras.Model, inputs: list[Any]) -> list[Any]:
    """Calls a piece in training, to be called again for its gradient."""
    trainable = [ops.convert_to_tensor(v) for v in piece.trainable_variables]
    fixed = [ops.convert_to_tensor(v) for v in piece.non_trainable_variables]

    def compute(*values: Any) -> tuple[Any, ...]:
        outputs, updated = piece.stateless_call(
            list(values[: len(trainable)]),
            fixed,
            list(values[len(trainable) :]),
            training=True,
        )
        return (*keras.tree.flatten(outputs), *updated)

    results = keras.remat(compute)(*trainable, *inputs)
    num_outputs = len(piece.outputs)
    for variable, value in zip(
        piece.non_trainable_variables, results[num_outputs:], strict=True
    ):
        variable.assign(value)
    return list(results[:num_outputs])
