"""The Tversky loss: Dice that tells missed pixels from wrong ones."""

from typing import Any

from trainer.losses.dice import mean_distance, overlaps
from trainer.losses.pixels import Pixels, RegionLoss, safe_divide


def tversky(beta: float) -> RegionLoss:
    """Returns 1 - the mean Tversky index of the classes that occur.

    The index of a class is hits / (hits + (1 - beta) * wrong + beta * missed)
    (Salehi et al., 2017); with 0.5 it is Dice.

    Args:
        beta: What a missed pixel costs, in [0, 1].
    """

    def loss(pixels: Pixels) -> Any:
        hits, truth, predicted = overlaps(pixels)
        wrong, missed = predicted - hits, truth - hits
        total = hits + (1 - beta) * wrong + beta * missed
        return mean_distance(safe_divide(hits, total), truth)

    return loss
