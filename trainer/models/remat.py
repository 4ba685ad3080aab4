"""Recomputation of activations: less memory for more time.

The network is cut where its resolution changes.  Only what crosses a cut is
kept for the backward pass; what lies between two cuts is computed again when
its gradient is due.  The pieces share the layers of the network, so that
variables, their order and saved models are those of the network itself.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops


def recomputing(model: keras.Model) -> Callable[[Any], Any]:
    """Returns the training pass of a network, recomputed piece by piece.

    Args:
        model: A U-Net of `build_unet`.

    Returns:
        A function that gives what `model(images, training=True)` gives and
        updates the moving statistics as often: once.
    """
    pieces = _pieces(model)
    head = model.layers[-1]

    def forward(images):
        kept = [images]  # what crosses each cut so far
        for piece, sources in pieces:
            kept.append(_recomputed(piece, [kept[i] for i in sources]))
        return head(kept[-1])

    return forward


def _pieces(model: keras.Model) -> list[tuple[keras.Model, list[int]]]:
    """Cuts a U-Net before each pooling, upsampling and the last layer.

    Returns:
        Models of a double convolution each, in order, and the numbers of the
        cuts that each takes its inputs from; cut 0 is the network's input,
        cut i the output of piece i - 1.
    """
    cuts, joins, skips = [model.inputs[0]], set(), []
    for layer in model.layers:
        if isinstance(layer, layers.MaxPooling2D):
            skips.append(len(cuts))
        elif isinstance(layer, layers.Conv2DTranspose):
            joins.add(len(cuts))
        elif layer is not model.layers[-1]:
            continue
        cuts.append(layer.input)
    pieces = []
    for number in range(1, len(cuts)):
        sources = [number - 1]
        if number - 1 in joins:
            sources.append(skips.pop())
        inputs = [cuts[source] for source in sources]
        pieces.append((keras.Model(inputs, cuts[number]), sources))
    return pieces


def _recomputed(piece: keras.Model, inputs: list):
    """Calls a piece in training, to be called again for its gradient."""
    trainable = [ops.convert_to_tensor(v) for v in piece.trainable_variables]
    fixed = [ops.convert_to_tensor(v) for v in piece.non_trainable_variables]

    def compute(*values):
        output, updated = piece.stateless_call(
            list(values[: len(trainable)]),
            fixed,
            list(values[len(trainable) :]),
            training=True,
        )
        return (output, *updated)

    output, *updated = keras.remat(compute)(*trainable, *inputs)
    for variable, value in zip(
        piece.non_trainable_variables, updated, strict=True
    ):
        variable.assign(value)
    return output
