"""Steps of the same U-Net in PyTorch; see `benchmarks.train_step`.

With channels_last, on a GPU with torch.compile as well; --precision=auto is
bfloat16 on a GPU and float32 on a CPU.  Needs torch and numpy, and
segmentation-models-pytorch for --encoder; nothing of this project's.
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from benchmarks.steps import step_timing

_NUM_LEVELS = 4


class UNet(nn.Module):
    """The recipe's network: convolution, ReLU, normalization."""

    def __init__(self, base_filters: int):
        """Builds the layers.

        Args:
            base_filters: The width of the first level.
        """
        super().__init__()
        widths = [base_filters << level for level in range(_NUM_LEVELS + 1)]
        self.downs = nn.ModuleList(
            _double_conv(before, width)
            for before, width in zip([3, *widths], widths, strict=False)
        )
        self.ups = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(2 * width, width, 2, stride=2),
                nn.ReLU(inplace=True),
                nn.BatchNorm2d(width),
            )
            for width in widths[:-1]
        )
        self.joins = nn.ModuleList(
            _double_conv(2 * width, width) for width in widths[:-1]
        )
        self.head = nn.Conv2d(base_filters, step_timing.NUM_CLASSES, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Maps (B, 3, H, W) in [-1, 1] to (B, 34, H, W) logits."""
        skips = []
        for level, down in enumerate(self.downs):
            if level:
                x = nn.functional.max_pool2d(x, 2)
            x = down(x)
            skips.append(x)
        for level in reversed(range(_NUM_LEVELS)):
            x = torch.cat([skips[level], self.ups[level](x)], 1)
            x = self.joins[level](x)
        return self.head(x)


def _parse_flags() -> argparse.Namespace:
    parser = step_timing.parser(__doc__)
    parser.add_argument("--encoder", help="of segmentation_models.pytorch")
    return parser.parse_args()


def _builder(flags: argparse.Namespace) -> Callable[[], nn.Module]:
    """Imports what the network is built with; returns what builds it."""
    if not flags.encoder:
        return lambda: UNet(flags.base_filters)
    import segmentation_models_pytorch

    return lambda: segmentation_models_pytorch.Unet(
        f"tu-tf_{flags.encoder}",
        encoder_weights=None,
        classes=step_timing.NUM_CLASSES,
    )


def main() -> None:
    """Prints the figures of the contender."""
    flags = _parse_flags()
    is_gpu = torch.cuda.is_available()
    device = torch.device("cuda" if is_gpu else "cpu")
    build = _builder(flags)
    images, labels = step_timing.draw_batch(flags.batch_size, flags.size)
    base_mb = step_timing.resident_mb()
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    network = build().to(device, memory_format=torch.channels_last)
    is_bfloat16 = flags.precision == "bfloat16" or (
        flags.precision == "auto" and is_gpu
    )
    optimizer = torch.optim.Adam(network.parameters(), fused=is_gpu)
    forward = torch.compile(network) if is_gpu else network
    images = torch.from_numpy(images).to(device).permute(0, 3, 1, 2)
    labels = torch.from_numpy(labels.astype(np.int64)).to(device)

    def step() -> float:
        with torch.autocast(device.type, torch.bfloat16, enabled=is_bfloat16):
            logits = forward(images.float() / 127.5 - 1)
        loss = nn.functional.cross_entropy(logits.float(), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    device_peak_mb = None
    if is_gpu:

        def device_peak_mb() -> float:
            return torch.cuda.max_memory_allocated() / (1 << 20)

    step_timing.print_figures(flags, step, base_mb, device_peak_mb)


def _double_conv(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(width),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.BatchNorm2d(width),
    )


if __name__ == "__main__":
    main()
