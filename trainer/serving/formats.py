"""The table of export formats; the flag's names stand in `EXPORT_FORMATS`."""

import dataclasses
import importlib
from collections.abc import Callable, Iterable

import keras

from schemas.extras import install
from trainer.serving import keras_file, onnx_file, saved_model, tflite_file
from trainer.serving.job import Apply, ExportJob


@dataclasses.dataclass(frozen=True)
class Format:
    """One way to write a network.

    Attributes:
        file_name: What it is called in --export_dir.
        takes: What the file takes and gives, with a `{size}`.
        write: Writes it to a path.
        open_file: Opens it as whoever gets it does.
        packages: What writing takes beside the trainer's own packages; the
            extra `export` brings them.
        needs_tensorflow: Whether Keras has to run on that backend.
    """

    file_name: str
    takes: str
    write: Callable[[ExportJob, str], None]
    open_file: Callable[[str], Apply]
    packages: tuple[str, ...] = ()
    needs_tensorflow: bool = False


_BATCHES = "(B, H, W, 3) uint8 pictures of {size} → labelIds"
_ONE = "(1, H, W, 3) uint8 picture of {size} → labelIds"

FORMATS = {
    "keras": Format(
        "unet.keras", _BATCHES, keras_file.write, keras_file.open_file
    ),
    "saved_model": Format(
        "saved_model",
        "serving_default takes encoded pictures of any sizes, pixels takes "
        "(B, H, W, 3) uint8 → labelIds",
        saved_model.write,
        saved_model.open_file,
        needs_tensorflow=True,
    ),
    "onnx": Format(
        "unet.onnx",
        _BATCHES,
        onnx_file.write,
        onnx_file.open_file,
        packages=("onnx", "tf2onnx"),
        needs_tensorflow=True,
    ),
    "tflite": Format(
        "unet.tflite",
        _ONE,
        tflite_file.write_float,
        tflite_file.open_file,
        needs_tensorflow=True,
    ),
    "tflite_int8": Format(
        "unet_int8.tflite",
        _ONE,
        tflite_file.write_int8,
        tflite_file.open_file,
        needs_tensorflow=True,
    ),
}
"""Name → format."""


def check_packages(names: Iterable[str]) -> None:
    """Checks, before anything is written, that all formats can be.

    Args:
        names: Those of the formats.

    Raises:
        ValueError: A package is missing or broken, or Keras runs on another
            backend than TensorFlow; says for which formats.
    """
    refused = [name for name in names if FORMATS[name].needs_tensorflow]
    backend = keras.backend.backend()
    if refused and backend != "tensorflow":
        others = ",".join(
            name for name in FORMATS if not FORMATS[name].needs_tensorflow
        )
        raise ValueError(
            f"--export_formats={','.join(refused)} takes Keras's TensorFlow "
            f"backend, and this is {backend}; set KERAS_BACKEND=tensorflow, or "
            f"give --export_formats={others}"
        )
    for name in names:
        for package in FORMATS[name].packages:
            try:
                importlib.import_module(package)
            except ImportError as error:
                raise ValueError(
                    f"--export_formats={name} needs the package {package}, "
                    f"which cannot be imported ({error}): run "
                    f"{install('export')}, or leave {name} out of "
                    "--export_formats"
                ) from error
