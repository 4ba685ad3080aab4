"""The TensorFlow Lite files: one picture's pixels to labelIds, on devices."""

import contextlib
import warnings
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from trainer.serving.job import Apply, ExportJob
from trainer.storage import files

_FLOAT_OPERATIONS = (
    "ADD",
    "CONCATENATION",
    "DIV",
    "EXP",
    "FULLY_CONNECTED",
    "MUL",
    "SOFTMAX",
    "SUB",
)
"""TensorFlow Lite's names of what int8 would make too coarse."""


def write_float(job: ExportJob, path: str) -> None:
    """Writes a file of float32: (1, H, W, 3) uint8 → (1, H, W) int32.

    Its signature takes `image` and gives `label_ids`.
    """
    files.write_bytes(path, _converter(job).convert())


def write_int8(job: ExportJob, path: str) -> None:
    """Writes a file of int8 convolutions, calibrated on frames.

    Resizing, normalization, softmax and blending stay in float32.  With
    these in int8, too, 29 % of the ids differed in a trial of 16 filters and
    sliding windows; without them, 4.4 %.
    """

    def pictures() -> Iterator[list[np.ndarray]]:
        for image in job.calibration():
            yield [image[None]]

    converter = _converter(job)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = pictures
    # The debugger is what chooses operations; nothing is debugged.
    with _quiet_interpreter():
        chooser = tf.lite.experimental.QuantizationDebugger(
            converter=converter,
            debug_dataset=pictures,
            debug_options=tf.lite.experimental.QuantizationDebugOptions(
                denylisted_ops=list(_FLOAT_OPERATIONS)
            ),
        )
    files.write_bytes(path, chooser.get_nondebug_quantized_model())


def open_file(path: str) -> Apply:
    """Opens the file as whoever gets it does."""
    with _quiet_interpreter():
        interpreter = tf.lite.Interpreter(model_content=files.read_bytes(path))
    run = interpreter.get_signature_runner()
    return lambda image: run(image=image[None])["label_ids"][0]


@contextlib.contextmanager
def _quiet_interpreter() -> Iterator[None]:
    """Holds back that TensorFlow's interpreter moves to another package."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\s*Warning: tf.lite", UserWarning)
        yield


def _converter(job: ExportJob) -> tf.lite.TFLiteConverter:
    model = job.fixed_size
    # Calibration cannot read variables: the weights become constants.
    trained, fixed = (
        [np.asarray(variable) for variable in variables]
        for variables in (
            model.trainable_variables,
            model.non_trainable_variables,
        )
    )
    shape = (1, *job.input_size, 3)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8, "image")])
    def apply(image: tf.Tensor) -> dict[str, tf.Tensor]:
        label_ids, _ = model.stateless_call(
            [tf.constant(value) for value in trained],
            [tf.constant(value) for value in fixed],
            image,
            training=False,
        )
        return {"label_ids": label_ids}

    return tf.lite.TFLiteConverter.from_concrete_functions(
        [apply.get_concrete_function()], tf.Module()
    )
