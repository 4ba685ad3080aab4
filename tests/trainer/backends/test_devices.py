import dataclasses

import pytest
import tensorflow as tf

from trainer.backends import devices
from trainer.backends.devices import Device
from trainer.config.devices import DevicesConfig
from trainer.config.flag import ConfigError

CPU = Device("CPU", is_gpu=False)
UNKNOWN = Device("GPU", is_gpu=True)
K80 = Device("Tesla K80", is_gpu=True, capability=(3, 7))
P100 = Device("Tesla P100", is_gpu=True, capability=(6, 0))
V100 = Device("Tesla V100", is_gpu=True, capability=(7, 0))
T4 = Device("Tesla T4", is_gpu=True, capability=(7, 5))
A100 = Device("NVIDIA A100", is_gpu=True, capability=(8, 0))
H100 = Device("NVIDIA H100", is_gpu=True, capability=(9, 0))


SAPPHIRE_RAPIDS = Device("CPU", is_gpu=False, bfloat16_by="amx_bf16")


@pytest.mark.parametrize(
    ("device", "precision", "reason"),
    [
        (CPU, "float32", "has neither amx_bf16 nor avx512_bf16"),
        (SAPPHIRE_RAPIDS, "bfloat16", "the processor has amx_bf16"),
        (UNKNOWN, "float32", "compute capability 0.0"),
        (K80, "float32", "compute capability 3.7"),
        (P100, "float32", "compute capability 6.0"),
        (V100, "float16", "compute capability 7.0"),
        (T4, "float16", "compute capability 7.5"),
        (A100, "bfloat16", "compute capability 8.0"),
        (H100, "bfloat16", "compute capability 9.0"),
    ],
)
def test_auto_takes_the_type_that_a_device_is_fast_at(
    device, precision, reason
):
    chosen, why = devices.choose_precision(device, jit_compile=device.is_gpu)
    assert chosen == precision
    assert why.endswith(reason)


def test_a_cpu_is_fast_in_bfloat16_by_tensorflows_kernels_alone(monkeypatch):
    def choose(**options):
        return devices.choose_precision(SAPPHIRE_RAPIDS, **options)

    assert choose(jit_compile=True) == ("float32", "XLA on a CPU")
    narrow = choose(jit_compile=False, is_narrow=True)
    assert narrow == ("float32", "the network is narrow")
    monkeypatch.setattr(devices.keras.backend, "backend", lambda: "jax")
    assert choose(jit_compile=False) == ("float32", "XLA on a CPU")


def test_types_have_their_policies():
    types = ("float32", "bfloat16", "float16")
    found = list(map(devices.policy_of, types))
    assert found == ["float32", "mixed_bfloat16", "mixed_float16"]


def test_xla_compiles_on_gpus_unless_told_otherwise():
    assert not devices.choose_jit("auto", CPU)
    assert devices.choose_jit("auto", T4)
    assert devices.choose_jit("on", CPU)
    assert not devices.choose_jit("off", H100)


@pytest.fixture
def three_gpus(monkeypatch):
    """Makes TensorFlow tell of three GPUs."""
    names = [f"/physical_device:GPU:{number}" for number in range(3)]
    details = {"device_name": "NVIDIA H100", "compute_capability": (9, 0)}
    for owner, name, result in (
        (tf.config, "list_physical_devices", names),
        (tf.config.experimental, "set_memory_growth", None),
        (tf.config.experimental, "get_device_details", details),
    ):
        monkeypatch.setattr(owner, name, lambda *_, result=result: result)


def test_tensorflow_uses_one_gpu_of_several_and_says_how_to_use_all(
    three_gpus,
):
    device = devices.find_device(DevicesConfig("auto"))
    assert (device.count, device.members) == (1, ())
    assert device.capability == (9, 0)
    assert device.remedy == (
        "TensorFlow uses 1 of 3 GPUs; to use all, run pip install -c "
        'constraints.txt -e ".[jax-cuda]" and set KERAS_BACKEND=jax'
    )


def test_one_gpu_that_was_asked_for_needs_no_remedy(three_gpus):
    device = devices.find_device(DevicesConfig("single"))
    assert device == H100
    assert device.remedy == ""


def test_tensorflow_refuses_to_mirror(three_gpus):
    with pytest.raises(ConfigError, match="mirrored needs JAX, .* tensorflow"):
        devices.find_device(DevicesConfig("mirrored"))


def test_tensorflows_kernels_step_in_where_xla_does_not_fuse(monkeypatch):
    assert devices.has_kernels(jit_compile=False)
    assert not devices.has_kernels(jit_compile=True)
    monkeypatch.setattr(devices.keras.backend, "backend", lambda: "jax")
    assert not devices.has_kernels(jit_compile=False)


def test_a_machine_without_gpu_gives_the_cpu_and_the_process_memory():
    device = devices.find_device()
    if device.is_gpu:
        pytest.skip("needs a machine without a GPU")
    assert dataclasses.replace(device, bfloat16_by="") == CPU
    assert 100 < devices.peak_memory_mb(device) < 100_000
