"""Which networks there are: for training, and of Keras's own layers to keep."""

import functools

import keras

from trainer.config.model import ModelConfig
from trainer.models import unet


def build_network(
    config: ModelConfig, dtype: str = "float32", has_kernels: bool = False
) -> keras.Model:
    """Builds the network that a run asks for.

    Args:
        config: What decides it.
        dtype: The Keras dtype policy of all layers but the last.
        has_kernels: Whether it is made of `tf_layers`, for training on
            TensorFlow.  The variables, their order and their meaning are the
            same: weights go from either network to the other.

    Returns:
        A model from (B, H, W, 3) float32 in [-1, 1] to (B, H, W,
        num_classes) float32 logits, of pictures of any size that divides by
        what the network needs.
    """
    normalization, join = (
        keras.layers.BatchNormalization,
        unet.concatenating_conv,
    )
    if has_kernels:
        from trainer.models import tf_layers  # needs TensorFlow

        normalization, join = tf_layers.BatchNormalization, tf_layers.JoinConv2D
    return unet.build_unet(
        (None, None, 3),
        config.num_classes,
        config.base_filters,
        dtype=dtype,
        normalization=functools.partial(
            normalization, momentum=config.batch_norm_momentum
        ),
        join=join,
    )
