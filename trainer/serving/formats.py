"""The table of export formats; the flag's names stand in `EXPORT_FORMATS`."""

import dataclasses
from collections.abc import Callable

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
    """

    file_name: str
    takes: str
    write: Callable[[ExportJob, str], None]
    open_file: Callable[[str], Apply]


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
    ),
    "onnx": Format("unet.onnx", _BATCHES, onnx_file.write, onnx_file.open_file),
    "tflite": Format(
        "unet.tflite", _ONE, tflite_file.write_float, tflite_file.open_file
    ),
    "tflite_int8": Format(
        "unet_int8.tflite",
        _ONE,
        tflite_file.write_int8,
        tflite_file.open_file,
    ),
}
"""Name → format."""
