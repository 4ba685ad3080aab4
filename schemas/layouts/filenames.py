"""Rules for file names that hold in every layout.

The one set of rules for the conversion and the trainer.  No file is opened and
no folder listed here; paths have slashes.
"""

import dataclasses
import itertools
import posixpath
import re
from collections.abc import Sequence

from schemas import pictures
from schemas.quantities import counted

PICTURE_SUFFIXES = tuple(itertools.chain(*pictures.PICTURE_SUFFIXES.values()))
"""Of files that a network is applied to; upper case is the same."""

_OTHER_SUFFIXES = (
    ".jpe", ".gif", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm",
    ".pnm", ".tga", ".dds", ".psd", ".exr", ".dng",
)  # fmt: skip
"""Of pictures that nothing here reads."""

CLIP_SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm", ".avi", ".mpg", ".mpeg",
    ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".ogv",
)  # fmt: skip
"""Of video files that a network is applied to; upper case is the same."""

CLIP_ALONE = "a clip, which has to be the input itself"
"""Why a clip among other files is not taken."""

PREDICTION_KINDS = ("labelIds", "color", "overlay")
"""Folders of a prediction's output; the names in them end so, too."""

PROBABILITIES = "probabilities"
"""The same, of what a prediction writes where it is asked to."""

FRAMES_FOLDER = "leftImg8bit"
"""Where a Cityscapes tree has its pictures."""

_LABEL_FOLDERS = ("gtFine", "gtCoarse")
_FRAME_MARK = "_leftimg8bit"
_FRAME = r"[^/_]+_\d{6}_\d{6}"
_HIDDEN = re.compile(r"(?:^|/)(?:\.(?!\.?/)|__MACOSX/)")
_ANNOTATION = re.compile(
    r"_(?:gtFine|gtCoarse)_[^/]*|_(?:label|instance)(?:Train)?Ids\.png",
    re.IGNORECASE,
)
_PREDICTION = re.compile(
    rf"(?:.*/)?(?:({'|'.join((*PREDICTION_KINDS, PROBABILITIES))})/"
    r"[^/]*_\1\.png"
    r"|video/[^/]*_overlay\.mp4)"
)
_MAX_NAMED = 3


@dataclasses.dataclass(frozen=True)
class Stray:
    """A file that looks like a frame's and is not taken.

    Attributes:
        path: The file.
        reason: Why it is not taken.
    """

    path: str
    reason: str


def describe(strays: Sequence[Stray]) -> str:
    """Counts what is not taken and names the first few; empty for none."""
    if not strays:
        return ""
    first = sorted(strays, key=lambda stray: stray.path)[:_MAX_NAMED]
    named = "; ".join(f"{stray.path}: {stray.reason}" for stray in first)
    files_are = counted(len(strays), "file is", "files are")
    return f"{files_are} left out, first {named}"


def is_hidden(path: str) -> bool:
    """Whether a path is another system's: dot files, AppleDouble, __MACOSX."""
    # Searching takes long where there are many paths, and most hold neither.
    may_be = path.startswith(".") or "/." in path or "__MACOSX/" in path
    return may_be and _HIDDEN.search(path) is not None


def is_zip(path: str) -> bool:
    """Whether a path is named as a zip is."""
    return path.lower().endswith(".zip")


def entry_path(name: str) -> str:
    """Returns the path that an entry's name in a zip means.

    Some programs write backslashes, others a leading `./`.
    """
    rooted = f"/{name}"
    if "\\" not in name and "/." not in rooted and "//" not in rooted:
        return name  # as most are, and normalizing takes long
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/")


def is_benchmark_name(stem: str) -> bool:
    """Whether the benchmark's server knows such a frame name."""
    return re.fullmatch(_FRAME, stem) is not None


def benchmark_name(name: str) -> str | None:
    """Returns the frame whose result the server sees in a file's name."""
    found = re.match(_FRAME, name)
    return found[0] if found else None


def picture_stem(path: str) -> str:
    """Returns a picture's name without folder, suffix and `_leftImg8bit`."""
    name = posixpath.splitext(posixpath.basename(path))[0]
    is_marked = name.lower().endswith(_FRAME_MARK)
    return name[: -len(_FRAME_MARK)] if is_marked else name


def prediction_path(stem: str, kind: str, suffix: str = "png") -> str:
    """Returns where in its output folder a prediction is written."""
    return f"{kind}/{stem}_{kind}.{suffix}"


def video_path(stem: str) -> str:
    """Returns where in its output folder a clip's overlay is written."""
    return f"video/{stem}_overlay.mp4"


def is_clip(path: str) -> bool:
    """Whether a path is named as a video file is."""
    return path.lower().endswith(CLIP_SUFFIXES)


def is_picture(path: str) -> bool:
    """Whether a file of a folder is a picture for a network, by its name."""
    return (
        path.lower().endswith(PICTURE_SUFFIXES)
        and not is_hidden(path)
        and not picture_complaint(path)
    )


def is_label_path(path: str) -> bool:
    """Whether a path leads through a Cityscapes folder of label maps."""
    return any(f"/{folder}/" in f"/{path}" for folder in _LABEL_FOLDERS)


def is_any_picture(path: str) -> bool:
    """Whether a file is named as a picture, of a format that is read or not."""
    is_one = path.lower().endswith(PICTURE_SUFFIXES + _OTHER_SUFFIXES)
    return is_one and not is_hidden(path)


def picture_complaint(path: str) -> str:
    """Says why a picture in a folder is none for a network, empty if not so."""
    if is_hidden(path):
        return ""
    if _PREDICTION.fullmatch(path):
        return "named as a prediction"
    is_frame = path.lower().endswith(f"{_FRAME_MARK}.png")
    if not is_frame and _ANNOTATION.search(posixpath.basename(path)):
        return "named as a label map"
    if is_clip(path):
        return CLIP_ALONE
    if path.lower().endswith(_OTHER_SUFFIXES):
        return f"none of {', '.join(PICTURE_SUFFIXES)}"
    return ""
