"""Writes a trained network as files that need none of this project's code.

EXPORT/
  unet.keras      Keras; pictures of one size
  unet.onnx       ONNX; pictures of one size
  saved_model/    TensorFlow; pictures of any size, encoded or as pixels
"""

import keras

from trainer.config import run_dir
from trainer.config.inference import ExportConfig
from trainer.config.sizes import format_size
from trainer.models.saved import load_network
from trainer.serving.fixed_size import build_deployed
from trainer.serving.saved_model import save_serving
from trainer.storage import files

KERAS_FILE = "unet.keras"
ONNX_FILE = "unet.onnx"
SAVED_MODEL_DIR = "saved_model"


def run(config: ExportConfig) -> None:
    """Exports the network in each format of --export_formats.

    Raises:
        ValueError: The network or the backend does not fit.
        FileNotFoundError: There is no such network.
    """
    path = run_dir.network_path(config.model_dir, config.checkpoint)
    network = load_network(path)
    files.make_folder(config.export_dir)
    deployed = build_deployed(network, config.resize, config.input_size)
    size = format_size(config.input_size)
    if "keras" in config.export_formats:
        target = files.join(config.export_dir, KERAS_FILE)
        with files.replacing(target) as partial:
            deployed.save(partial)
        print(f"{target}: (B, H, W, 3) uint8 pictures of {size} → labelIds")
    if "onnx" in config.export_formats:
        target = files.join(config.export_dir, ONNX_FILE)
        with files.replacing(target) as partial:
            _save_onnx(deployed, partial)
        print(f"{target}: (B, H, W, 3) uint8 pictures of {size} → labelIds")
    if "saved_model" in config.export_formats:
        target = files.join(config.export_dir, SAVED_MODEL_DIR)
        save_serving(network, config.resize, target)
        print(
            f"{target}: serving_default takes one encoded picture, pixels "
            "takes (B, H, W, 3) uint8; any size → labelIds"
        )


def _save_onnx(model: keras.Model, path: str) -> None:
    # Keras exports only what has been called; building is not enough.
    model(keras.ops.zeros((1, *model.input_shape[1:]), "uint8"))
    try:
        model.export(path, format="onnx", verbose=False)
    except ImportError as error:
        raise ValueError(
            "ONNX export needs packages that are not installed "
            f"({error}); run pip install tf2onnx onnx, or give "
            "--export_formats=keras,saved_model"
        ) from error
