"""Tells the device that a backend computes on, and how fast it multiplies.

python -m benchmarks.steps.step_device BACKEND
"""

import json
import os
import sys
import time

from trainer.backends import tensorflow_settings

_SIDES = {True: 8192, False: 1024}
_NUM_PRODUCTS = 20
_NUM_TRIES = 3


def main(backend: str) -> None:
    """Prints {"name", "is_gpu", "flops": {dtype: operations a second}}."""
    os.environ["KERAS_BACKEND"] = backend
    tensorflow_settings.use_defaults()
    from trainer.backends import devices

    device = devices.find_device()
    dtypes = ["float32"]
    if devices.choose_precision(device, device.is_gpu)[0] == "bfloat16":
        dtypes.append("bfloat16")
    found = {
        "name": device.name,
        "is_gpu": device.is_gpu,
        "flops": {
            dtype: product_flops(dtype, _SIDES[device.is_gpu])
            for dtype in dtypes
        },
    }
    print(json.dumps(found))


def product_flops(dtype: str, side: int) -> float:
    """Returns the rate of square matrix products, the best of some tries.

    The numbers are drawn: a GPU multiplies equal ones faster.
    """
    import keras
    from keras import ops

    draws = keras.random.normal((side, side), stddev=side**-0.5)
    matrix = ops.cast(draws, dtype)
    best = 0.0
    for _ in range(1 + _NUM_TRIES):
        begin = time.perf_counter()
        product = matrix
        for _ in range(_NUM_PRODUCTS):
            product = ops.matmul(product, matrix)
        float(product[0, 0])  # waits for the device
        seconds = time.perf_counter() - begin
        best = max(best, 2 * side**3 * _NUM_PRODUCTS / seconds)
    return best


if __name__ == "__main__":
    main(*sys.argv[1:])
