"""Writes a trained network as files that need none of this project's code.

Each does what evaluate and predict do, windows included; on some frames its
ids are compared with theirs, and what differs is printed.
"""

import itertools
import json
from collections.abc import Iterable, Iterator

import numpy as np

from schemas.labels.table import LabelTable
from schemas.quantities import counted
from trainer.config.data import DataConfig
from trainer.config.inference import ExportConfig
from trainer.config.sizes import SIZE_FACTOR, format_size
from trainer.data.frames import open_frames
from trainer.inference.masking import allowed_ids
from trainer.inference.predictor import Predictor, resize_picture
from trainer.models.saved import load_network
from trainer.serving.formats import FORMATS, Format, check_packages
from trainer.serving.job import ExportJob
from trainer.storage import files
from trainer.storage.images import Picture

CALIBRATION_FRAMES = 16
LABELS_FILE = "labels.json"


def run(config: ExportConfig, network_path: str) -> None:
    """Exports the network in each format of --export_formats.

    Args:
        config: The export.
        network_path: The .keras file that it means.

    Raises:
        ValueError: The network, the backend or the data set does not fit,
            or a package is missing.
    """
    check_packages(config.export_formats)
    network = load_network(network_path)
    seen = None
    if config.inference.mask_unseen:
        seen = allowed_ids(network_path, network)
    predictor = Predictor(network, config.inference, seen)
    expected = [ids for _, ids in predictor.predict(_compared(config))]
    job = ExportJob(
        network,
        config.inference,
        config.input_size,
        seen,
        lambda: _calibration(config),
    )
    files.make_folder(config.export_dir)
    _write_labels(config.export_dir, network.space.table)
    size = format_size(config.input_size)
    for name in config.export_formats:
        form = FORMATS[name]
        target = files.join(config.export_dir, form.file_name)
        form.write(job, target)
        print(f"{target}: {form.takes.format(size=size)}")
        if expected:
            # Read again for each: pictures take three times the ids' memory.
            compared = _compare(form, target, _compared(config), expected)
            print(f"{target}: {compared}")
    if not expected:
        print(
            "No file was compared with --mode=predict: that takes frames, of "
            "--data_dir, and a --compare_frames above 0"
        )


def _write_labels(export_dir: str, table: LabelTable) -> None:
    """Writes what the ids mean that the files give."""
    target = files.join(export_dir, LABELS_FILE)
    files.write_text(target, json.dumps(table.to_json(), indent=1) + "\n")
    print(f"{target}: the classes of the labelIds")


def _compare(
    form: Format,
    path: str,
    pictures: Iterable[Picture],
    expected: list[np.ndarray],
) -> str:
    """Says how far a file's ids are those of predict."""
    try:
        apply = form.open_file(path)
    except ImportError as error:
        return f"not compared with --mode=predict: {error}"
    num_pixels = num_different = 0
    for picture, label_ids in zip(pictures, expected, strict=True):
        num_pixels += label_ids.size
        differs = apply(picture.image) != label_ids
        num_different += int(np.count_nonzero(differs))
    return (
        f"{num_different:,} of {num_pixels:,} labelIds "
        f"({num_different / num_pixels:.4%}) differ from those of "
        f"--mode=predict, over {counted(len(expected), 'frame')}"
    )


def _compared(config: ExportConfig) -> Iterator[Picture]:
    return _pictures(config, config.eval_split, config.compare_frames)


def _calibration(config: ExportConfig) -> Iterator[np.ndarray]:
    split = config.train_split.split(",")[0]
    for picture in _pictures(config, split, CALIBRATION_FRAMES):
        yield picture.image


def _pictures(
    config: ExportConfig, split: str, count: int
) -> Iterator[Picture]:
    """Yields a split's first pictures, brought to --input_size."""
    if not (config.data_dir and count):
        return
    # Frames are read at their stored size, whatever the network takes.
    data = DataConfig(
        config.data_dir,
        eval_split=split,
        resize=None,
        crop=(SIZE_FACTOR, SIZE_FACTOR),
    )
    for frame in itertools.islice(open_frames(data).read(), count):
        image = resize_picture(frame.image, config.input_size)
        yield Picture(frame.name, image)
