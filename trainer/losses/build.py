"""Which losses there are, and the one that a run asks for."""

import dataclasses
from collections.abc import Callable

import numpy as np

from schemas import class_weights as weighting
from schemas.labels.table import LabelSpace
from trainer.config.optimization import LossConfig
from trainer.losses import dice, ohem, pixels, tversky
from trainer.losses.segmentation import SegmentationLoss, Terms

LOSSES: dict[str, Callable[[LossConfig], Terms]] = {
    "cross_entropy": lambda config: Terms(),
    "focal": lambda config: Terms(factor=pixels.focal(config.focal_gamma)),
    "ohem": lambda config: Terms(selection=ohem.hardest(config.ohem_share)),
    "cross_entropy_dice": lambda config: Terms(region=dice.dice_loss),
    "cross_entropy_tversky": lambda config: Terms(
        region=tversky.tversky(config.tversky_beta)
    ),
}
"""--loss → its terms; `trainer.config.optimization.LOSSES` has the names."""


def build_loss(config: LossConfig, weights: np.ndarray) -> SegmentationLoss:
    """Builds the loss that a run asks for.

    Args:
        config: Its options.
        weights: (num_classes,) float32 of `class_weights`.
    """
    terms = dataclasses.replace(
        LOSSES[config.loss](config), region_weight=config.region_loss_weight
    )
    return SegmentationLoss(weights, config.label_smoothing, terms)


def logit_offsets(
    config: LossConfig, weights: np.ndarray, class_pixels: np.ndarray
) -> np.ndarray:
    """Computes what is added to logits before the likeliest class is taken.

    A network that learns with class weights says of rare classes that they are
    likelier than they are.  What it takes off is their weight's logarithm, as
    in the logit adjustment of Menon et al. 2021, or a share of it.

    Args:
        config: Says the share.
        weights: (num_classes,) float32 of `class_weights`.
        class_pixels: (num_classes,) int64, what an epoch of training draws.

    Returns:
        (num_classes,) float32; -inf for an id that the loss counts no pixel of.
    """
    learned = (weights > 0) & (class_pixels > 0)
    offsets = np.full(weights.shape, -np.inf, np.float32)
    offsets[learned] = -config.logit_adjustment * np.log(weights[learned])
    return offsets


def class_weights(
    config: LossConfig, space: LabelSpace, counts: weighting.PixelCounts
) -> np.ndarray:
    """Returns (num_classes,) float32: what a pixel of each class weighs.

    Args:
        config: Whether void counts and how classes are balanced.
        space: The id space of the labels.
        counts: What an epoch of training draws.
    """
    counted = np.ones(space.num_classes, bool)
    if config.ignore_void:
        counted = space.evaluated
    if config.class_weights.endswith("median_frequency"):
        weights = weighting.median_frequency(*counts, counted)
        if config.class_weights.startswith("sqrt"):
            weights = np.sqrt(weights)
    elif config.class_weights == "enet":
        weights = weighting.enet(counts.class_pixels, counted)
    else:
        weights = counted
    return weights.astype(np.float32)
