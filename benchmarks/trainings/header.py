"""What a training is told before its crops; the standard library alone."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Header:
    """A training without its network.

    Attributes:
        cityscapes_root: The tree with the evaluation split.
        eval_split: Its name.
        batch: Pictures a step, height and width of the crops.
        steps_per_epoch: Steps between two scores.
        epochs: Passes over the training split.
        seed: Of what is drawn for a network.
        class_weights: What a pixel of each class counts; 0: ignored.
        evaluated: Whether each class is scored.
        logit_offsets: What scores add to the logits, -inf for a class that is
            never predicted.
        region_loss_weight: What Dice counts beside cross-entropy.
        learning_rate: AdamW's, after the warm-up; falls to 0 as poly does.
        encoder_factor: What of it the encoder learns by, above 0.
        weight_decay: AdamW's.
        warmup_steps: Steps over which the learning rate rises.
        decoder_filters: The decoder's widths, from the coarsest level.
        is_bfloat16: Whether the trainer computes in bfloat16 here, and not in
            float32.
    """

    cityscapes_root: str
    eval_split: str
    batch: tuple[int, int, int]
    steps_per_epoch: int
    epochs: int
    seed: int
    class_weights: list[float]
    evaluated: list[bool]
    logit_offsets: list[float]
    region_loss_weight: float
    learning_rate: float
    encoder_factor: float
    weight_decay: float
    warmup_steps: int
    decoder_filters: list[int]
    is_bfloat16: bool
