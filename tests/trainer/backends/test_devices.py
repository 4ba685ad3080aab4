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


@pytest.mark.parametrize(
    ("device", "policy"),
    [
        (CPU, "float32"),
        (UNKNOWN, "float32"),
        (K80, "float32"),
        (P100, "float32"),
        (V100, "mixed_float16"),
        (T4, "mixed_float16"),
        (A100, "mixed_bfloat16"),
        (H100, "mixed_bfloat16"),
    ],
)
def test_auto_takes_the_type_that_a_device_is_fast_at(device, policy):
    assert devices.choose_policy("auto", device) == policy


@pytest.mark.parametrize("device", [CPU, T4, H100])
def test_a_type_that_is_asked_for_is_taken_anywhere(device):
    assert devices.choose_policy("float32", device) == "float32"
    assert devices.choose_policy("bfloat16", device) == "mixed_bfloat16"
    assert devices.choose_policy("float16", device) == "mixed_float16"


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
        "TensorFlow uses 1 of 3 GPUs; to use all, install the extra jax-cuda "
        "and set KERAS_BACKEND=jax"
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
    assert device == CPU
    assert 100 < devices.peak_memory_mb(device) < 100_000
