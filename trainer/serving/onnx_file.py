"""The ONNX file: pixels of one size to labelIds, by any ONNX runtime."""

import warnings
from typing import Any

import keras

from trainer.serving.job import Apply, ExportJob
from trainer.storage import files

OUTPUT = "label_ids"


def write(job: ExportJob, path: str) -> None:
    """Writes the file: (B, H, W, 3) uint8 `image` → (B, H, W) `label_ids`."""
    import onnx

    model = job.fixed_size
    # Keras exports only what has been called; building is not enough.
    model(keras.ops.zeros((1, *model.input_shape[1:]), "uint8"))
    with files.replacing(path) as partial, warnings.catch_warnings():
        # Keras looks whether NumPy still has np.object.
        warnings.filterwarnings("ignore", ".*np.object", FutureWarning)
        model.export(partial, format="onnx", verbose=False)
        content = onnx.load(partial)
        _name_output(content.graph)
        onnx.save(content, partial)


def open_file(path: str) -> Apply:
    """Opens the file as whoever gets it does.

    Raises:
        ImportError: onnxruntime is not installed.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        files.read_bytes(path), providers=["CPUExecutionProvider"]
    )
    return lambda image: session.run([OUTPUT], {"image": image[None]})[0][0]


def _name_output(graph: Any) -> None:
    """Gives the one output its name; the converter calls it Identity:0."""
    (output,) = graph.output
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [
                OUTPUT if name == output.name else name for name in names
            ]
    output.name = OUTPUT
