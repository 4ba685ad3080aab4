"""Keras's own settings, of which a user's keras.json must change none."""

import keras


def use_defaults() -> None:
    """Sets the settings that keras.json may hold to Keras's defaults.

    The backend is left: it is chosen by then, and checked by
    `config.devices.check_backend`.
    """
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_dtype_policy("float32")
