"""The zip for the Cityscapes benchmark server, checked as the server would."""

import re
import zipfile
from collections.abc import Sequence

from schemas.labels import LABEL_IDS
from schemas.sizes import Size
from trainer.config.sizes import format_size
from trainer.storage import files, images

SERVER_SIZE: Size = (1024, 2048)
NUM_TEST_FRAMES = 1525
_STEM = re.compile(r"[^_/]+_\d{6}_\d{6}")


def check_stems(stems: Sequence[str]) -> None:
    """Checks, before anything is predicted, that the frames have names.

    Raises:
        ValueError: A stem is not `<city>_<sequence>_<frame>`.
    """
    bad = [stem for stem in stems if not _STEM.fullmatch(stem)]
    if bad:
        raise ValueError(
            f"{len(bad)} of {len(stems)} pictures are not named "
            f"<city>_<sequence>_<frame> as --submission needs, first {bad[0]}"
        )


def write(path: str, output_dir: str, stems: Sequence[str]) -> None:
    """Packs the label maps of an output folder, once they are checked.

    Args:
        path: The zip to write; it appears only if all is well.
        output_dir: The folder of `<stem>_labelIds.png` files.
        stems: The frames, each once.

    Raises:
        ValueError: The server would reject a file; names it.
    """
    with files.replacing(path) as partial:
        with zipfile.ZipFile(partial, "w") as archive:
            for stem in stems:
                name = f"{stem}_labelIds.png"
                content = files.read_bytes(files.join(output_dir, name))
                archive.writestr(name, content)
        check(partial)


def check(path: str) -> int:
    """Checks a zip of label maps as the server would.

    Returns:
        The number of frames.

    Raises:
        ValueError: A file is no one-channel 8-bit PNG of 1024x2048 with ids
            in 0..33, or a frame comes twice; names it.
    """
    seen = set()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            match = _STEM.match(name.rpartition("/")[2])
            if not match or match[0] in seen:
                raise ValueError(
                    f"{name}: each file should be one frame's, named "
                    "<city>_<sequence>_<frame>*.png"
                )
            seen.add(match[0])
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
