import pytest

from tests import tiny_run
from trainer.backends.devices import Device
from trainer.config.flag import ConfigError
from trainer.engine import sharing

TWO = Device("GPU", is_gpu=True, members=("GPU:0", "GPU:1"))
THREE = Device("GPU", is_gpu=True, members=("GPU:0", "GPU:1", "GPU:2"))


def check(device, num_examples=100, **options):
    config = tiny_run.make_config("data", "run", **options)
    sharing.check(config, num_examples, device)


def test_one_device_takes_any_batch():
    one = Device("GPU", is_gpu=True)
    check(one, num_examples=3, batch_size=5, remat=True, jit_compile="on")


def test_a_batch_divides_over_the_devices_and_parts():
    check(TWO, batch_size=8, accumulate_steps=4)
    with pytest.raises(ConfigError, match="--batch_size=8.*3 devices.* of 3"):
        check(THREE, batch_size=8)
    with pytest.raises(
        ConfigError, match="2 devices with --accumulate_steps=2; .* of 4"
    ):
        check(TWO, batch_size=6, accumulate_steps=2)


def test_a_batch_of_devices_is_not_cut_to_a_small_split():
    check(TWO, num_examples=4, batch_size=4)
    with pytest.raises(ConfigError, match="=4 is more than the 3 frames of tr"):
        check(TWO, num_examples=3, batch_size=4)


@pytest.mark.parametrize(
    ("options", "flag"),
    [({"remat": True}, "--remat"), ({"jit_compile": "on"}, "--jit_compile=on")],
)
def test_what_takes_one_device_on_tensorflow_is_refused(options, flag):
    with pytest.raises(ConfigError, match=f"{flag} .*not 2; set KERAS_BACKE"):
        check(TWO, **options)
