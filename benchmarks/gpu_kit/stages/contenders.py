"""Who steps in stage c, and with what; `steps` measures them."""

import argparse
import dataclasses
import importlib.util
import subprocess
import sys

from benchmarks.steps import flops, step_timing
from schemas import sizes

RECIPE, OURS, TORCH = "the recipe, float32", "ours, bfloat16", "PyTorch, bf16"
REMAT, SPLIT = f"{OURS}, --remat", f"{OURS}, split joins"

_KERAS = ("benchmarks.steps.step_keras", "--backend=jax")
_COMMANDS = {
    RECIPE: (*_KERAS, "--contender=recipe"),
    OURS: (*_KERAS, "--contender=ours", "--precision=bfloat16"),
    TORCH: ("benchmarks.steps.step_torch", "--precision=bfloat16"),
    REMAT: (*_KERAS, "--contender=ours", "--precision=bfloat16", "--remat"),
    SPLIT: (*_KERAS, "--contender=split_joins", "--precision=bfloat16"),
}
_NUM_WEIGHTS = 31_061_282  # of the recipe's network at 64 filters
_WEIGHT_COPIES_BYTES = 16  # a weight, its gradient, Adam's two averages
_IMAGES_A_ROUND = 640
_MIN_STEPS = 4


@dataclasses.dataclass(frozen=True)
class Contender:
    """One of those that step.

    Attributes:
        who: A key of `_COMMANDS`, or an encoder's name.
        base_filters: The width of the first level.
        batch_size: Pictures a step.
        size: Their (height, width).
        is_small: Whether a round is as short as a CPU needs it.
    """

    who: str
    base_filters: int
    batch_size: int
    size: sizes.Size
    is_small: bool

    @property
    def name(self) -> str:
        """The name of its row."""
        size = sizes.to_text(self.size)
        return f"{self.who}, {self.batch_size} of {size}"

    @property
    def not_here(self) -> str:
        """Why it cannot run here; empty where it can."""
        if self.who != TORCH:
            return ""
        if importlib.util.find_spec("torch") is None:
            return "no PyTorch"
        if not self.is_small and not _sees_gpu():
            return "PyTorch sees no GPU"
        return ""

    @property
    def command(self) -> tuple[str, ...]:
        """The command that serves its rounds."""
        own = _COMMANDS.get(
            self.who,
            (*_COMMANDS[OURS], f"--encoder={self.who.split(',')[0]}"),
        )
        num_steps = max(_MIN_STEPS, _IMAGES_A_ROUND // self.batch_size)
        return (
            *(sys.executable, "-m", *own, "--served"),
            f"--base_filters={self.base_filters}",
            f"--batch_size={self.batch_size}",
            f"--size={sizes.to_text(self.size)}",
            f"--num_steps={1 if self.is_small else num_steps}",
        )

    def rate_of_work(self, images_per_second: float) -> float | None:
        """Returns operations a second; None where they are not counted."""
        if self.who not in _COMMANDS or self.size[0] != self.size[1]:
            return None
        return images_per_second * flops.step_flops(
            self.base_filters, step_timing.NUM_CLASSES, self.size[0], 1
        )

    def largest(self, peak_mb: float, room_mb: float) -> "Contender":
        """Returns the same with the largest batch that some memory takes.

        Args:
            peak_mb: What this one takes, in MiB.
            room_mb: What that one may take, in MiB.
        """
        num_weights = _NUM_WEIGHTS * (self.base_filters / 64) ** 2
        fixed_mb = num_weights * _WEIGHT_COPIES_BYTES / (1 << 20)
        image_mb = max(peak_mb - fixed_mb, 1) / self.batch_size
        largest = int((room_mb - fixed_mb) / image_mb)
        return dataclasses.replace(self, batch_size=max(1, largest // 8) * 8)


def _sees_gpu() -> bool:
    """Asks PyTorch, in a process of its own, which gives the GPU back."""
    asking = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    return not subprocess.run((sys.executable, "-c", asking)).returncode


def waves(flags: argparse.Namespace) -> list[list[Contender]]:
    """Returns who runs side by side: the recipe's size, then encoders."""
    small = flags.small
    filters = 2 if small else 64
    batch, size = (2, (64, 64)) if small else (32, (256, 256))
    first = [
        Contender(who, filters, batch, size, small)
        for who in (RECIPE, OURS, TORCH, REMAT, SPLIT)
    ]
    encoder = "efficientnet_lite0, bfloat16"
    # CamVid's 360 does not divide by 32.
    middle, large = (64, 96) if small else (352, 480), (512, 1024)
    second = [Contender(encoder, filters, batch, middle, small)]
    if not small:
        second.append(Contender(encoder, filters, 8, large, small))
    return [first, second]
