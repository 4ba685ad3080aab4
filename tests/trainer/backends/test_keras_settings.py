import keras
import pytest

from trainer.backends import keras_settings


@pytest.fixture
def strange_settings():
    """Settings as a user's keras.json may hold them, taken back after."""
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float16")
    keras.config.set_epsilon(0.1)
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_dtype_policy("float32")


def test_what_a_users_keras_json_sets_changes_nothing(strange_settings):
    keras_settings.use_defaults()
    assert keras.config.image_data_format() == "channels_last"
    assert keras.config.floatx() == "float32"
    assert keras.config.epsilon() == 1e-7
    assert keras.config.dtype_policy().name == "float32"
    assert keras.layers.Conv2D(2, 3).data_format == "channels_last"
