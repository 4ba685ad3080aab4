"""Stage a: what the card is, and how fast it multiplies and copies."""

import json
import time

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stage import Row

LIMIT = "matrix product, bfloat16"
"""The row that shares are taken of."""

_SIDES = {False: 8192, True: 256}
_COPY_BYTES = {False: 1 << 31, True: 1 << 24}
_NUM_COPIES = 20
_NUM_TRIES = 3


def main() -> None:
    """Prints the card and its limits."""
    flags = stage.parse_flags(__doc__)
    import jax

    from benchmarks.steps import step_device

    with open(flags.results, encoding="utf-8") as file:
        has_gpu = bool(json.load(file)["gpus"])
    for device in jax.local_devices():
        memory = (device.memory_stats() or {}).get("bytes_limit", 0)
        stage.emit(
            Row(
                f"device {device.id}: {device.device_kind}",
                "GiB that JAX may take",
                (memory / (1 << 30),) if memory else (),
                is_right=device.platform == "gpu" if has_gpu else None,
                note=device.platform,
            )
        )
    side = _SIDES[flags.small]
    for name, dtype, note in (
        (LIMIT, "bfloat16", ""),
        ("matrix product, float32", "float32", "as XLA chooses: TF32 or not"),
    ):
        rate = step_device.product_flops(dtype, side)
        size = f"{side}x{side}, drawn numbers"
        note = ", ".join(filter(None, (size, note)))
        stage.emit(Row(name, "TFLOP/s", (rate / 1e12,), note=note))
    num_bytes = _COPY_BYTES[flags.small]
    rate = _copy_rate(num_bytes)
    note = f"{num_bytes >> 20} MiB, bytes read and bytes written"
    stage.emit(Row("copy in memory", "GB/s", (rate / 1e9,), note=note))


def _copy_rate(num_bytes: int) -> float:
    """Returns the bytes a second that a sum with 1 reads and writes."""
    import jax
    import jax.numpy as jnp

    add = jax.jit(lambda values: values + 1)
    values = jnp.zeros(num_bytes // 4, jnp.float32)
    add(values).block_until_ready()
    best = 0.0
    for _ in range(_NUM_TRIES):
        begin = time.perf_counter()
        for _ in range(_NUM_COPIES):
            copied = add(values)
        copied.block_until_ready()
        seconds = time.perf_counter() - begin
        best = max(best, 2 * num_bytes * _NUM_COPIES / seconds)
    return best


if __name__ == "__main__":
    main()
