"""Which networks there are: for training, and of Keras's own layers to keep."""

import keras

from trainer.config.encoders import NO_ENCODER, NO_WEIGHTS
from trainer.config.model import ModelConfig
from trainer.models.encoder_unet import build_encoder_unet
from trainer.models.encoders import (
    build_encoder,
    encoder_layers,
    mark_learned,
)
from trainer.models.kinds import Kinds
from trainer.models.unet import build_unet


def build_training_network(
    config: ModelConfig, dtype: str, has_kernels: bool, is_new: bool = True
) -> keras.Model:
    """Builds the network that a run asks for.

    Args:
        config: What decides it.
        dtype: The Keras dtype policy of all layers but the last.
        has_kernels: Whether it is made of `tf_layers`, for TensorFlow
            without XLA.  The variables, their order and their meaning are
            the same: weights go from either network to the other.
        is_new: Whether its encoder gets the weights that it begins with;
            they come from elsewhere where a run resumes.

    Returns:
        A model from (B, H, W, 3) float32 in [-1, 1] to (B, H, W,
        num_classes) float32 logits, of pictures of any size that divides by
        `config.size_factor`.

    Raises:
        ConfigError: The encoder's weights cannot be had.
        WeightsError: A file holds other weights.
    """
    kinds = Kinds(dtype, config.batch_norm_momentum)
    if has_kernels:
        from trainer.models import tf_layers  # needs TensorFlow

        kinds = Kinds(
            dtype,
            config.batch_norm_momentum,
            tf_layers.BatchNormalization,
            tf_layers.JoinConv2D,
            tf_layers.UpJoinConv2D,
            tf_layers.DepthwiseConv2D,
        )
    weights = config.encoder_weights
    model = _build(config, weights if is_new else NO_WEIGHTS, kinds)
    mark_learned(encoder_layers(model), weights != NO_WEIGHTS)
    return model


def build_plain_network(config: ModelConfig) -> keras.Model:
    """Builds the same network of Keras's own float32 layers, untrained."""
    return _build(
        config, NO_WEIGHTS, Kinds(momentum=config.batch_norm_momentum)
    )


def _build(config: ModelConfig, weights: str, kinds: Kinds) -> keras.Model:
    if config.encoder == NO_ENCODER:
        return build_unet(
            (None, None, 3), config.num_classes, config.base_filters, kinds
        )
    return build_encoder_unet(
        build_encoder(config.encoder, weights),
        config.num_classes,
        config.decoder_filters,
        kinds,
        is_frozen=config.encoder_learning_rate == 0,
    )
