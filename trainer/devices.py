"""What the devices can do: arithmetic type, XLA, memory.

Asks TensorFlow or JAX, whichever Keras runs on.
"""

import dataclasses
import resource

import keras
import tensorflow as tf

from trainer.checks import ConfigError

_POLICIES = {
    "float32": "float32",
    "bfloat16": "mixed_bfloat16",
    "float16": "mixed_float16",
}
_FIRST_WITH_BFLOAT16 = (8, 0)
_FIRST_WITH_FAST_FLOAT16 = (7, 0)


@dataclasses.dataclass(frozen=True)
class Device:
    """The device that a run computes on.

    Attributes:
        name: What people call it.
        is_gpu: Whether it is one.
        capability: A GPU's compute capability; (0, 0) where unknown.
    """

    name: str
    is_gpu: bool
    capability: tuple[int, int] = (0, 0)


def find_device() -> Device:
    """Returns the first GPU, or the CPU, and readies it.

    Raises:
        ConfigError: Keras runs on a backend without a training step here.
    """
    if keras.backend.backend() == "jax":
        return _find_jax_device()
    if keras.backend.backend() != "tensorflow":
        raise ConfigError(
            f"KERAS_BACKEND={keras.backend.backend()} is not one of "
            "tensorflow, jax"
        )
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return Device("CPU", is_gpu=False)
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    details = tf.config.experimental.get_device_details(gpus[0])
    return Device(
        details.get("device_name", "GPU"),
        is_gpu=True,
        capability=details.get("compute_capability", (0, 0)),
    )


def _find_jax_device() -> Device:
    import jax

    tf.config.set_visible_devices([], "GPU")  # tf.data stays on the host
    device = jax.devices()[0]
    if device.platform != "gpu":
        return Device(device.device_kind, is_gpu=False)
    major, _, minor = str(device.compute_capability).partition(".")
    return Device(device.device_kind, True, (int(major), int(minor or 0)))


def choose_policy(mixed_precision: str, device: Device) -> str:
    """Returns the Keras dtype policy for a flag's value.

    `auto` is bfloat16 where GPUs are fast at it, float16 on those before,
    float32 on older ones and on CPUs.
    """
    if mixed_precision == "auto":
        mixed_precision = "float32"
        if device.capability >= _FIRST_WITH_BFLOAT16:
            mixed_precision = "bfloat16"
        elif device.capability >= _FIRST_WITH_FAST_FLOAT16:
            mixed_precision = "float16"
    return _POLICIES[mixed_precision]


def choose_jit(jit_compile: str, device: Device) -> bool:
    """Returns whether XLA compiles the step; `auto`: on a GPU."""
    return device.is_gpu if jit_compile == "auto" else jit_compile == "on"


def has_kernels(jit_compile: bool) -> bool:
    """Returns whether `trainer.fused` is what to build networks with."""
    return keras.backend.backend() == "tensorflow" and not jit_compile


def peak_memory_mb(device: Device) -> float:
    """Returns the most memory in use so far: of the GPU, else the process."""
    if not device.is_gpu:
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak_kib * 1024 / 1e6
    if keras.backend.backend() == "jax":
        import jax

        return jax.devices()[0].memory_stats()["peak_bytes_in_use"] / 1e6
    return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1e6
