"""Label maps in folders and zips, found by Cityscapes' names."""

import os
import re
import zipfile
from collections.abc import Callable, Mapping

_STEM = r"(?P<stem>[^/]+_\d{6}_\d{6})"
_LABEL_IDS = "_labelIds.png"

Reader = Callable[[], bytes]
"""Returns a file's content."""


def find_truth(source: str, split: str) -> dict[str, Reader]:
    """Finds a split's fine labelIds maps.

    Args:
        source: A Cityscapes folder, or gtFine_trainvaltest.zip as it is.
        split: The folder's name below gtFine/.

    Returns:
        The frame's stem → its content's reader, in order of the stems.

    Raises:
        FileNotFoundError: There is none.
    """
    pattern = re.compile(
        rf"(.*/)?gtFine/{re.escape(split)}/[^/]+/{_STEM}_gtFine{_LABEL_IDS}"
    )
    found = {
        match["stem"]: reader
        for path, reader in sorted(_list_files(source).items())
        if (match := pattern.fullmatch(path))
    }
    if not found:
        raise FileNotFoundError(
            f"{source} holds no gtFine/{split}/*/*_gtFine{_LABEL_IDS}"
        )
    return found


def find_predictions(source: str) -> dict[str, Reader]:
    """Finds predicted label maps, one a frame as the server wants them.

    Where some are named `*_labelIds.png`, colours and overlays may lie
    beside them; else every PNG named after a frame is one.

    Args:
        source: A folder, with those below it, or a zip.

    Returns:
        The frame's stem → its content's reader.

    Raises:
        FileNotFoundError: There is none.
        ValueError: A frame has several.
    """
    paths = _list_files(source)
    named = [path for path in paths if path.endswith(_LABEL_IDS)]
    pattern = re.compile(rf"(.*/)?{_STEM}[^/]*\.png")
    found: dict[str, str] = {}
    for path in sorted(named or paths):
        match = pattern.fullmatch(path)
        if not match:
            continue
        if match["stem"] in found:
            raise ValueError(
                f"{source} holds several predictions of {match['stem']}: "
                f"{found[match['stem']]} and {path}; leave one"
            )
        found[match["stem"]] = path
    if not found:
        raise FileNotFoundError(
            f"{source} holds no PNG named <city>_<sequence>_<frame>*.png"
        )
    return {stem: paths[path] for stem, path in found.items()}


def pair(
    truth: Mapping[str, Reader], predictions: Mapping[str, Reader]
) -> list[tuple[str, Reader, Reader]]:
    """Joins each truth with its prediction.

    Raises:
        FileNotFoundError: Frames have no prediction.
    """
    missing = [stem for stem in truth if stem not in predictions]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} of {len(truth)} frames have no prediction, "
            f"first {missing[0]}"
        )
    return [(stem, truth[stem], predictions[stem]) for stem in truth]


def _list_files(source: str) -> dict[str, Reader]:
    """Lists a folder's or zip's files: path with slashes → reader.

    Raises:
        FileNotFoundError: There is no such folder or zip.
        ValueError: The file is no zip.
    """
    if os.path.isdir(source):
        return {
            f"{folder}/{name}": _file_reader(os.path.join(folder, name))
            for folder, _, names in os.walk(source)
            for name in names
        }
    if not os.path.isfile(source):
        raise FileNotFoundError(f"{source} is no folder and no zip")
    try:
        archive = zipfile.ZipFile(source)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{source} is no zip: {error}") from error
    return {name: _member_reader(archive, name) for name in archive.namelist()}


def _file_reader(path: str) -> Reader:
    def read() -> bytes:
        with open(path, "rb") as file:
            return file.read()

    return read


def _member_reader(archive: zipfile.ZipFile, name: str) -> Reader:
    return lambda: archive.read(name)
