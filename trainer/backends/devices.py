"""Which devices compute, and what they can do: type, XLA, memory.

Asks TensorFlow or JAX, whichever Keras runs on, and imports no other one.
"""

import dataclasses
import resource
import sys

import keras

from schemas.extras import install
from schemas.quantities import counted
from trainer.config.devices import JAX_EXTRA, DevicesConfig, check_strategy
from trainer.config.flag import ConfigError

ONE_DEVICE = DevicesConfig(strategy="single")

_FIRST_WITH_BFLOAT16 = (8, 0)
_FIRST_WITH_FAST_FLOAT16 = (7, 0)
_FAST_BFLOAT16 = ("amx_bf16", "avx512_bf16")
"""Instructions of x86 that multiply bfloat16, as Linux calls them."""


@dataclasses.dataclass(frozen=True)
class Device:
    """The device that a run computes on, or the kind of them.

    Attributes:
        name: What people call it.
        is_gpu: Whether it is one.
        capability: A GPU's compute capability; (0, 0) where unknown.
        bfloat16_by: The instructions by which a CPU is fast in bfloat16;
            empty without any.
        members: The backend's names of all devices that share each batch,
            those of other processes included; empty for one.
        num_idle: The GPUs that this backend has found and leaves idle.
    """

    name: str
    is_gpu: bool
    capability: tuple[int, int] = (0, 0)
    bfloat16_by: str = ""
    members: tuple[str, ...] = ()
    num_idle: int = 0

    @property
    def count(self) -> int:
        """How many devices share each batch."""
        return max(1, len(self.members))

    @property
    def remedy(self) -> str:
        """One line that says how to use the idle GPUs; empty without any."""
        if not self.num_idle:
            return ""
        return (
            f"TensorFlow uses 1 of {self.num_idle + 1} GPUs; to use all, "
            f"run {install(JAX_EXTRA)} and set KERAS_BACKEND=jax"
        )


def find_device(options: DevicesConfig = ONE_DEVICE) -> Device:
    """Returns what a run computes on, GPUs where there are any, readied.

    Raises:
        ConfigError: Keras runs on a backend without a training step here, or
            there are fewer devices than asked for.
    """
    backend = keras.backend.backend()
    if backend == "jax":
        return _find_jax_device(options)
    if backend != "tensorflow":
        raise ConfigError(
            f"KERAS_BACKEND={backend} is not one of tensorflow, jax"
        )
    check_strategy(options.strategy, backend)
    return _find_tensorflow_device(options)


def _find_tensorflow_device(options: DevicesConfig) -> Device:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return Device("CPU", is_gpu=False, bfloat16_by=_bfloat16_of_cpu())
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    details = tf.config.experimental.get_device_details(gpus[0])
    return Device(
        details.get("device_name", "GPU"),
        is_gpu=True,
        capability=details.get("compute_capability", (0, 0)),
        num_idle=len(gpus) - 1 if options.strategy == "auto" else 0,
    )


def _bfloat16_of_cpu() -> str:
    """Returns the first of `_FAST_BFLOAT16` that the processor has."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            known = set(file.read().split())
    except OSError:  # not on Linux
        return ""
    return next((name for name in _FAST_BFLOAT16 if name in known), "")


def _find_jax_device(options: DevicesConfig) -> Device:
    import jax

    # Where tf.data feeds the step, TensorFlow has been imported; it has to
    # stay on the host.
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow:
        tensorflow.config.set_visible_devices([], "GPU")
    first = jax.local_devices()[0]
    device = Device(first.device_kind, is_gpu=False)
    if first.platform == "gpu":
        major, _, minor = str(first.compute_capability).partition(".")
        device = Device(first.device_kind, True, (int(major), int(minor or 0)))
    num_used = _num_used(options, jax.local_device_count(), device)
    members = [
        f"{member.platform}:{member.id}"
        for process in range(options.num_processes)
        for member in jax.local_devices(process)[:num_used]
    ]
    if len(members) == 1:
        members = []
    elif len(members) != options.num_processes * num_used:
        raise ConfigError(
            f"the processes have {counted(len(members), 'device')}, not "
            f"{num_used} each; use --strategy=single"
        )
    return dataclasses.replace(device, members=tuple(members))


def _num_used(options: DevicesConfig, num_devices: int, device: Device) -> int:
    """Returns how many of its devices a process computes on."""
    if options.strategy == "single":
        return 1
    if options.strategy == "auto":
        return num_devices if device.is_gpu else 1
    if num_devices * options.num_processes == 1:
        raise ConfigError(
            "--strategy=mirrored needs two devices or more, this machine has "
            f"one ({device.name}); use --strategy=auto"
        )
    return num_devices


def choose_precision(
    device: Device, jit_compile: bool, is_narrow: bool = False
) -> tuple[str, str]:
    """Returns the type that --mixed_precision=auto means, and why.

    It is bfloat16 where GPUs are fast at it, float16 on those before, and
    bfloat16 on CPUs whose instructions TensorFlow's kernels have; XLA has
    none on a CPU.

    Args:
        device: What a run computes on.
        jit_compile: Whether XLA compiles its steps.
        is_narrow: Whether its network has few filters: 8 were slower in
            bfloat16 on a CPU, 16 faster.
    """
    if device.is_gpu:
        major, minor = device.capability
        reason = f"compute capability {major}.{minor}"
        if device.capability >= _FIRST_WITH_BFLOAT16:
            return "bfloat16", reason
        if device.capability >= _FIRST_WITH_FAST_FLOAT16:
            return "float16", reason
        return "float32", reason
    if jit_compile or keras.backend.backend() != "tensorflow":
        return "float32", "XLA on a CPU"
    if is_narrow:
        return "float32", "the network is narrow"
    if device.bfloat16_by:
        return "bfloat16", f"the processor has {device.bfloat16_by}"
    wanted = " nor ".join(_FAST_BFLOAT16)
    return "float32", f"the processor has neither {wanted}"


def policy_of(precision: str) -> str:
    """Returns the Keras dtype policy of float32, bfloat16 or float16."""
    return "float32" if precision == "float32" else f"mixed_{precision}"


def choose_jit(jit_compile: str, device: Device) -> bool:
    """Returns whether XLA compiles the step; `auto`: on a GPU."""
    return device.is_gpu if jit_compile == "auto" else jit_compile == "on"


def has_kernels(jit_compile: bool) -> bool:
    """Returns whether to build networks with `models.tf_layers`."""
    return keras.backend.backend() == "tensorflow" and not jit_compile


def peak_memory_mb(device: Device) -> float:
    """Returns the most memory in use so far: of the GPU, else the process."""
    if not device.is_gpu:
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak_kib * 1024 / 1e6
    if keras.backend.backend() == "jax":
        import jax

        return jax.local_devices()[0].memory_stats()["peak_bytes_in_use"] / 1e6
    import tensorflow as tf

    return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1e6
