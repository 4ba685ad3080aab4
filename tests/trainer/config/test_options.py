import pytest

from trainer.config.flag import ConfigError
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig
from trainer.config.options import check_used


def test_what_is_given_and_has_no_effect_is_refused():
    model = ModelConfig("label_ids", encoder="mobilenet_v2", base_filters=8)
    with pytest.raises(ConfigError) as error:
        check_used(model, {"base_filters": 8})
    assert str(error.value) == (
        "--base_filters=8 does nothing with --encoder=mobilenet_v2; leave it "
        "out, or give --decoder_filters"
    )
    check_used(model, {"base_filters": 64})  # the default
    check_used(model, {"encoder": "mobilenet_v2"})  # only an older run has it


def test_each_loss_takes_its_own_flag():
    check_used(LossConfig("focal", focal_gamma=3.0), {"focal_gamma": 3.0})
    with pytest.raises(ConfigError, match="=ohem; leave it out, or use focal$"):
        check_used(LossConfig("ohem", focal_gamma=3.0), {"focal_gamma": 3.0})
