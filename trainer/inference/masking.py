"""Opens a network for prediction, of the ids that it has seen."""

import numpy as np

from schemas.quantities import noun
from trainer.config import seen_ids
from trainer.config.inference import InferenceConfig
from trainer.inference.predictor import Predictor
from trainer.models.saved import Network, load_network


def open_predictor(path: str, config: InferenceConfig) -> Predictor:
    """Opens a .keras file.

    Raises:
        ConfigError: What is known of its ids is damaged or of other ids.
        ValueError: It is damaged, or cannot be applied so.
    """
    network = load_network(path)
    seen = allowed_ids(path, network) if config.mask_unseen else None
    return Predictor(network, config, seen)


def allowed_ids(path: str, network: Network) -> np.ndarray | None:
    """Finds the ids that occurred in a network's training; names the others.

    Args:
        path: The network's file.
        network: The network.

    Returns:
        (C,) bool; None where all may be predicted.

    Raises:
        ConfigError: The file that says so is damaged or of other ids.
    """
    space = network.space
    seen = seen_ids.load(path, space)
    if seen is None or seen.all():
        return None
    names = [
        name
        for name, is_seen in zip(space.class_names, seen, strict=True)
        if not is_seen
    ]
    print(
        f"{len(names)} of {space.num_classes} ids did not occur in training "
        f"and {noun(len(names), 'is', 'are')} not predicted: {', '.join(names)}"
    )
    return seen
