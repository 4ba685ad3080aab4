"""The zip for the Cityscapes benchmark server, checked as the server would."""

import posixpath
import zipfile
from collections.abc import Sequence

from schemas.labels.cityscapes import LABEL_IDS
from schemas.layouts import filenames
from schemas.quantities import counted, noun
from schemas.sizes import Size
from trainer.config.sizes import format_size
from trainer.storage import files, image_files, images

SERVER_SIZE: Size = (1024, 2048)
NUM_TEST_FRAMES = 1525


def check_pictures(paths: Sequence[str]) -> None:
    """Checks, before anything is predicted, that the server knows the frames.

    Args:
        paths: The pictures; only what is needed to know their size is read.

    Raises:
        ValueError: A picture is not named `<city>_<sequence>_<frame>`, or is
            of another size than 1024x2048.
    """
    named = {path: image_files.stem(path) for path in paths}
    bad = [
        path
        for path, stem in named.items()
        if not filenames.is_benchmark_name(stem)
    ]
    if bad:
        raise ValueError(
            f"{len(bad)} of {counted(len(paths), 'picture')} "
            f"{noun(len(bad), 'is', 'are')} not named "
            f"<city>_<sequence>_<frame> as --submission needs, first {bad[0]}; "
            "rename them, or leave --submission out"
        )
    sizes = {path: images.read_size(path) for path in paths}
    bad = [path for path in paths if sizes[path] not in (SERVER_SIZE, None)]
    if bad:
        raise ValueError(
            f"{len(bad)} of {counted(len(paths), 'picture')} "
            f"{noun(len(bad), 'is', 'are')} not of {format_size(SERVER_SIZE)} "
            "as --submission needs, first "
            f"{bad[0]}: {format_size(sizes[bad[0]])}; predict the pictures of "
            "the benchmark as they are, or leave --submission out"
        )


def write(path: str, output_dir: str, stems: Sequence[str]) -> None:
    """Packs the label maps of an output folder, once they are checked.

    Args:
        path: The zip to write; it appears only if all is well.
        output_dir: The folder of a prediction.
        stems: The frames, each once.

    Raises:
        ValueError: The server would reject a file; names it.
    """
    with files.replacing(path) as partial:
        with zipfile.ZipFile(partial, "w") as archive:
            for stem in stems:
                label_map = filenames.prediction_path(stem, "labelIds")
                content = files.read_bytes(files.join(output_dir, label_map))
                archive.writestr(posixpath.basename(label_map), content)
        check(partial)


def check(path: str) -> int:
    """Checks a zip of label maps as the server would.

    Returns:
        The number of frames.

    Raises:
        ValueError: A file is not a one-channel 8-bit PNG of 1024x2048 with
            ids in 0..33, or a frame comes twice; names it.
    """
    seen = set()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            stem = filenames.benchmark_name(posixpath.basename(name))
            if stem is None or stem in seen:
                raise ValueError(
                    f"{name}: each file should be one frame's, named "
                    "<city>_<sequence>_<frame>*.png"
                )
            seen.add(stem)
            try:
                _check_map(archive.read(name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
    return len(seen)


def _check_map(content: bytes) -> None:
    label_ids = images.decode_ids(content)
    if label_ids.shape != SERVER_SIZE:
        raise ValueError(
            f"the server wants {format_size(SERVER_SIZE)}, this is "
            f"{format_size(label_ids.shape)}"
        )
    if label_ids.max() >= LABEL_IDS.num_classes:
        raise ValueError(
            f"the server wants labelIds in 0..{LABEL_IDS.num_classes - 1}, "
            f"one is {label_ids.max()}"
        )
