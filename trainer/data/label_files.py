"""Predicted label maps in folders and zips, one a frame."""

import re

from trainer.data import cityscapes
from trainer.storage import archives
from trainer.storage.archives import Reader

_LABEL_IDS = "_labelIds.png"


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
    paths = archives.list_files(source)
    named = [path for path in paths if path.endswith(_LABEL_IDS)]
    pattern = re.compile(rf"(.*/)?{cityscapes.STEM}[^/]*\.png")
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
