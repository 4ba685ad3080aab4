"""Counts the floating-point operations of a U-Net's training step."""

_NUM_LEVELS = 4


def step_flops(
    base_filters: int, num_classes: int, size_px: int, batch_size: int
) -> int:
    """Counts what the convolutions of one training step compute.

    A multiplication and an addition are two operations.  The backward pass
    takes twice the forward pass, for the gradients of kernels and of inputs;
    the pictures need none.  All else is under 1% and left out, and so is
    what `--remat` computes again.

    Args:
        base_filters: The width of the first level.
        num_classes: Channels of the output.
        size_px: Height and width of the pictures.
        batch_size: Pictures a step.
    """
    first = _conv(3, 3, base_filters, size_px)
    forward = first + _conv(3, base_filters, base_filters, size_px)
    for level in range(1, _NUM_LEVELS + 1):
        width, side = base_filters << level, size_px >> level
        forward += _conv(3, width // 2, width, side)
        forward += _conv(3, width, width, side)
    for level in range(_NUM_LEVELS):
        width, side = base_filters << level, size_px >> level
        # Each pixel below makes 2x2 here: as many as a 1x1 kernel here.
        forward += _conv(1, 2 * width, width, side)
        forward += _conv(3, 2 * width, width, side)
        forward += _conv(3, width, width, side)
    forward += _conv(1, base_filters, num_classes, size_px)
    return batch_size * (3 * forward - first)


def _conv(kernel_px: int, inputs: int, outputs: int, side_px: int) -> int:
    """Counts a convolution over a square of outputs."""
    return 2 * kernel_px**2 * inputs * outputs * side_px**2
