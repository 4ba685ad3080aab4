import dataclasses

import keras
import numpy as np
import pytest

from schemas.class_weights import PixelCounts
from tests import tiny_run
from trainer.backends.devices import Device
from trainer.config.flag import ConfigError
from trainer.config.model import ModelConfig
from trainer.engine.build import Milestones, build_training, paces_of, settle
from trainer.models.build import build_plain_network, build_training_network
from trainer.models.encoders import begins_learned
from trainer.optimizers.factors import Pace

CPU = Device("CPU", is_gpu=False, bfloat16_by="avx512_bf16")
OLD_CPU = Device("CPU", is_gpu=False)
TWO = Device("GPU", is_gpu=True, members=("GPU:0", "GPU:1"))
THREE = Device("GPU", is_gpu=True, members=("GPU:0", "GPU:1", "GPU:2"))


SMALL_ENCODER = {
    "encoder": "efficientnet_lite0",
    "decoder_filters": (8, 8, 4, 4, 4),
}


def build(config, device, num_examples=100):
    ones = np.ones(config.model.space.num_classes, np.int64)
    counts = PixelCounts(ones, ones)
    return build_training(config, num_examples, counts, device, Milestones(1))


def refuse(text, device, num_examples=100, **options):
    config = tiny_run.make_config("data", "run", **options)
    with pytest.raises(ConfigError, match=text):
        build(config, device, num_examples)


def test_a_batch_divides_over_the_devices_and_parts():
    refuse("--batch_size=8.*3 devices.* of 3", THREE, batch_size=8)
    refuse(
        "2 devices with --accumulate_steps=2; .* of 4",
        TWO,
        batch_size=6,
        accumulate_steps=2,
    )


def test_a_batch_of_devices_is_not_cut_to_a_small_split():
    refuse("=4 is more than the 3 frames of tr", TWO, 3, batch_size=4)


def test_auto_is_settled_when_a_run_begins(capsys):
    config = tiny_run.make_config("data", "run")
    wide = dataclasses.replace(
        config, model=dataclasses.replace(config.model, base_filters=16)
    )
    assert settle(wide, CPU, is_new=True).mixed_precision == "bfloat16"
    assert capsys.readouterr().out == (
        "--mixed_precision=auto: bfloat16 (the processor has avx512_bf16)\n"
    )
    assert settle(config, CPU, is_new=True).mixed_precision == "float32"


def test_a_run_that_began_as_float32_on_any_cpu_stays_so():
    config = tiny_run.make_config("data", "run")
    wide = dataclasses.replace(
        config, model=dataclasses.replace(config.model, base_filters=16)
    )
    assert settle(wide, CPU, is_new=False).mixed_precision == "float32"


@pytest.mark.parametrize(
    ("precision", "device", "is_told"),
    [
        ("bfloat16", OLD_CPU, True),
        ("float16", OLD_CPU, True),
        ("float32", OLD_CPU, False),
        ("bfloat16", CPU, False),
    ],
)
def test_a_type_that_the_processor_has_to_imitate_is_told(
    capsys, precision, device, is_told
):
    config = tiny_run.make_config("data", "run", mixed_precision=precision)
    wide = dataclasses.replace(
        config, model=dataclasses.replace(config.model, base_filters=16)
    )
    assert settle(wide, device, is_new=True) == wide
    err = capsys.readouterr().err
    assert ("as float32 here: the processor has neither" in err) == is_told


def test_weights_of_an_encoder_are_needed_where_an_earlier_one_has_none(
    tmp_path, capsys
):
    path = str(tmp_path / "earlier.keras")
    begun = ModelConfig("train_ids", encoder_weights="none", **SMALL_ENCODER)
    earlier = build_plain_network(begun)
    earlier.save(path)
    model = dataclasses.replace(begun, encoder_weights="gone.pth")
    config = dataclasses.replace(
        tiny_run.make_config(
            "data", "run", init_from=path, mixed_precision="float32"
        ),
        model=model,
    )
    network = build(config, CPU).model
    assert begins_learned(network.get_layer("stem_conv"))
    assert "; new" not in capsys.readouterr().out
    stem = earlier.get_layer("stem_relu").output
    keras.Model(earlier.inputs, stem).save(path)
    with pytest.raises(FileNotFoundError, match=r"gone\.pth is no file on"):
        build(config, CPU)


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ("none", "; new: block0_depthwise, block0_depthwise_bn, "),
        ("imagenet", ", 94 layers of imagenet; new: conv2d"),
    ],
)
def test_the_console_tells_new_layers_from_those_of_encoder_weights(
    weights, text, tmp_path, capsys
):
    path = str(tmp_path / "stem.keras")
    model = ModelConfig("train_ids", encoder_weights=weights, **SMALL_ENCODER)
    begun = build_plain_network(model)
    stem = begun.get_layer("stem_relu").output
    keras.Model(begun.inputs, stem).save(path)
    options = {"init_from": path, "mixed_precision": "float32"}
    config = tiny_run.make_config("data", "run", **options)
    build(dataclasses.replace(config, model=model), CPU)
    (line,) = [
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("took 5 of 302 variables of ")
    ]
    assert text in line and line.endswith(" more")


def test_an_encoder_learns_at_its_own_pace():
    network = build_training_network(
        ModelConfig("train_ids", encoder_weights="none", **SMALL_ENCODER),
        "float32",
        True,
    )
    paces = paces_of(network, Pace(0.1, 5))
    assert (paces.count(Pace(0.1, 5)), paces.count(Pace())) == (48 + 96, 42)
    assert paces_of(network, Pace()) == []
