"""A network that looks around and is quick, for tests of windows."""

import keras


def build(
    num_classes: int = 19, shape=(32, 32, 3), interpolation="nearest"
) -> keras.Model:
    """Builds a network that looks 10 pixels far, through zero padding."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input(shape)
    x = inputs
    for _ in range(2):
        x = keras.layers.Conv2D(8, 7, padding="same", activation="relu")(x)
        x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.UpSampling2D(4, interpolation=interpolation)(x)
    return keras.Model(inputs, keras.layers.Conv2D(num_classes, 1)(x))
