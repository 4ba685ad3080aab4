"""Losses over the pixels that count, from logits.

Every pixel has the weight of its class; ids outside the classes, such as
255, weigh nothing.  Where no pixel counts, the loss is 0.  None of them
makes a one-hot tensor; only Dice makes a softmax one.
"""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from schemas import class_weights as weighting
from schemas.labels import LabelSpace
from schemas.manifest import Split
from trainer.config.optimization import LossConfig


def class_weights(
    config: LossConfig, space: LabelSpace, split: Split
) -> np.ndarray:
    """Returns (num_classes,) float32: what a pixel of each class weighs.

    Args:
        config: Whether void counts and how classes are balanced.
        space: The id space of the labels.
        split: The training split with its pixel counts.
    """
    counted = np.ones(space.num_classes, bool)
    if config.ignore_void:
        counted = space.evaluated
    if config.class_weights == "median_frequency":
        weights = weighting.median_frequency(
            split.class_pixels, split.present_pixels, counted
        )
    elif config.class_weights == "enet":
        weights = weighting.enet(split.class_pixels, counted)
    else:
        weights = counted
    return weights.astype(np.float32)


class LossSums(NamedTuple):
    """What the loss of a batch is made of; those of its parts add up.

    Attributes:
        losses: () float32, the weighted losses of all pixels.
        weights: () float32, their weights.
        dice: (3, num_classes) float32 of `dice_sums`, or 0 without Dice.
    """

    losses: Any
    weights: Any
    dice: Any


@dataclasses.dataclass(frozen=True)
class SegmentationLoss:
    """The weighted mean of a pixel loss, and Dice beside it where asked.

    Attributes:
        weights: (num_classes,) float32, what a pixel of each class weighs.
        label_smoothing: The share of truth spread over all classes.
        focal_gamma: Each pixel's loss is multiplied by (1 - p)^gamma, p
            being the probability of the truth; 0 leaves cross-entropy.
        has_dice: Whether 1 - (mean Dice of the classes present) is added.
    """

    weights: np.ndarray
    label_smoothing: float = 0.0
    focal_gamma: float = 0.0
    has_dice: bool = False

    def __call__(self, label_ids, logits):
        """Computes the loss of a batch.

        Args:
            label_ids: (B, H, W) integers.
            logits: (B, H, W, num_classes) float32.

        Returns:
            The loss and the sum of the weights, both () float32.
        """
        return self.mean(self.sums(label_ids, logits))

    def sums(self, label_ids, logits) -> LossSums:
        """Adds up the pixels of a batch, or of a part of one."""
        ids, weights = weigh(label_ids, self.weights)
        cross_entropy = ops.sparse_categorical_crossentropy(
            ids, logits, from_logits=True
        )
        losses = self._pixel_losses(cross_entropy, logits)
        dice = ops.zeros(())
        if self.has_dice:
            counts = ops.cast(weights > 0, "float32")
            dice = dice_sums(ids, cross_entropy, logits, counts)
        return LossSums(ops.sum(losses * weights), ops.sum(weights), dice)

    def mean(self, sums: LossSums):
        """Computes from the sums what a call returns."""
        loss = safe_divide(sums.losses, sums.weights)
        if self.has_dice:
            loss = loss + dice_loss(sums.dice)
        return loss, sums.weights

    def _pixel_losses(self, cross_entropy, logits):
        """Computes (B, H, W) losses from -log p(truth)."""
        losses = cross_entropy
        if self.label_smoothing:
            spread = ops.logsumexp(logits, -1) - ops.mean(logits, -1)
            losses = losses + self.label_smoothing * (spread - losses)
        if self.focal_gamma:
            miss = -ops.expm1(-cross_entropy)  # 1 - p(truth)
            losses = losses * ops.power(miss, self.focal_gamma)
        return losses


def build_loss(config: LossConfig, weights: np.ndarray) -> SegmentationLoss:
    """Builds the loss that a run asks for.

    Args:
        config: Its options.
        weights: (num_classes,) float32 of `class_weights`.
    """
    return SegmentationLoss(
        weights,
        label_smoothing=config.label_smoothing,
        focal_gamma=config.focal_gamma if config.loss == "focal" else 0.0,
        has_dice=config.loss == "cross_entropy_dice",
    )


def dice_sums(ids, cross_entropy, logits, counts):
    """Adds up what soft Dice compares.

    Args:
        ids: (B, H, W) int32 in 0..num_classes-1.
        cross_entropy: (B, H, W) float32, -log p(truth).
        logits: (B, H, W, num_classes) float32.
        counts: (B, H, W) float32, 1 where a pixel counts, else 0.

    Returns:
        (3, num_classes) float32: the probability of the truth where it is
        the class, the pixels whose truth it is, its probability anywhere.
    """
    num_classes = logits.shape[-1]
    flat_ids, flat_counts = ops.ravel(ids), ops.ravel(counts)
    hits = flat_counts * ops.exp(-ops.ravel(cross_entropy))
    hits = ops.segment_sum(hits, flat_ids, num_segments=num_classes)
    truth = ops.segment_sum(flat_counts, flat_ids, num_segments=num_classes)
    predicted = ops.sum(ops.softmax(logits) * counts[..., None], (0, 1, 2))
    return ops.stack([hits, truth, predicted])


def dice_loss(sums):
    """Computes 1 - the mean soft Dice of the classes that occur.

    Args:
        sums: (3, num_classes) float32 of `dice_sums`.

    Returns:
        () float32 in [0, 1]; 0 where no pixel counts.
    """
    hits, truth, predicted = sums[0], sums[1], sums[2]
    occurs = ops.cast(truth > 0, "float32")
    dice = safe_divide(2 * hits, truth + predicted)
    num_present = ops.sum(occurs)
    return safe_divide(ops.sum((1 - dice) * occurs), num_present)


def weigh(label_ids, weights: np.ndarray):
    """Looks up what each pixel weighs.

    Args:
        label_ids: (B, H, W) integers.
        weights: (num_classes,) float32.

    Returns:
        (B, H, W) int32 ids, 0 in place of what is no class, and (B, H, W)
        float32 weights.
    """
    table = np.zeros(256, np.float32)
    table[: len(weights)] = weights
    ids = ops.cast(label_ids, "int32")
    pixel_weights = ops.take(table, ids, axis=0)
    return ops.where(ids < len(weights), ids, 0), pixel_weights


def safe_divide(total, count):
    """Divides; 0 where `count` is."""
    return ops.where(count > 0, total / ops.where(count > 0, count, 1.0), 0.0)
