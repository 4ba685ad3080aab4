"""File names → frames; what has no partner, or two, becomes a problem."""

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence

from preprocess.sources.source_files import SourceFile
from schemas.layouts.filenames import Stray
from schemas.layouts.kinds import frame_name

_NO_IMAGE = "missing image"
_NO_LABEL = "missing label"
_DUPLICATE = "duplicate frame"
_EMPTY = "empty file"
_STRAY = "not taken"

_REMEDIES = {
    _NO_IMAGE: "add the picture, or move the label map away",
    _NO_LABEL: "add the label map, or move the picture away",
    _DUPLICATE: "a frame's name may be there once: remove one of the two, or "
    "rename it and its label map alike",
    _EMPTY: "copy the file again",
    _STRAY: "rename the file, or move it away",
}
"""How a problem's reason begins → what to do about it."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """A picture with its label map, by reference.

    Attributes:
        split: The split's name.
        image: The picture's file.
        label: The label map's file, None where the split has no labels.
    """

    split: str
    image: SourceFile
    label: SourceFile | None

    @property
    def name(self) -> str:
        """The frame's name, such as `<city>_<seq>_<frame>`."""
        return frame_name(self.image.stem)

    @property
    def num_bytes(self) -> int:
        """The size of both files together."""
        return self.image.num_bytes + (
            self.label.num_bytes if self.label else 0
        )

    @property
    def fingerprint(self) -> int:
        """128 bits that change when either file does.

        Paths do not count: a moved data set has the same frames.
        """
        parts = [self.split, self.name]
        for file in (self.image, self.label):
            parts.append(f"{file.num_bytes}/{file.version}" if file else "-")
        text = "\n".join(parts).encode()
        digest = hashlib.blake2b(text, digest_size=16).digest()
        return int.from_bytes(digest, "big")


@dataclasses.dataclass(frozen=True)
class SkippedFrame:
    """A frame that cannot be converted.

    Attributes:
        split: The split's name.
        name: The frame's name; of a file without a partner, its stem.
        reason: Why, naming the file.
    """

    split: str
    name: str
    reason: str

    @property
    def remedy(self) -> str:
        """What to do about it; empty where the reason says that."""
        remedies = (
            remedy
            for beginning, remedy in _REMEDIES.items()
            if self.reason.startswith(beginning)
        )
        return next(remedies, "")


def stray(split: str, found: Stray) -> SkippedFrame:
    """Makes a problem of a picture that is not taken for a frame's."""
    name = found.path.rpartition("/")[2]
    return SkippedFrame(
        split, name, f"{_STRAY}: {found.path} is {found.reason}"
    )


def pair(
    split: str, found: Iterable[SourceFile], with_labels: bool
) -> tuple[list[Frame], list[SkippedFrame]]:
    """Pairs pictures and label maps of one split by their stems.

    Two pictures of one frame's name are a problem, whatever their stems.

    Args:
        split: The split's name.
        found: All files of the frames' names that occur, in any order.
        with_labels: Whether each picture needs a label map.

    Returns:
        The frames and the problems, each in the order of their names.
    """
    by_stem: dict[str, list[SourceFile]] = {}
    images_of_name: dict[str, list[SourceFile]] = {}
    for file in sorted(found):
        by_stem.setdefault(file.stem, []).append(file)
        if not file.is_label:
            name = frame_name(file.stem)
            images_of_name.setdefault(name, []).append(file)
    frames, problems = [], []
    for stem, same_stem in sorted(by_stem.items()):
        images = [file for file in same_stem if not file.is_label]
        labels = [file for file in same_stem if file.is_label]
        if images:
            images = images_of_name[frame_name(stem)]
        reason = _problem(images, labels, with_labels)
        if reason:
            problems.append(SkippedFrame(split, stem, reason))
        else:
            frames.append(
                Frame(split, images[0], labels[0] if labels else None)
            )
    return frames, problems


def _problem(
    images: Sequence[SourceFile],
    labels: Sequence[SourceFile],
    with_labels: bool,
) -> str | None:
    """Says what is wrong with the files of one stem, None if nothing is."""
    for same_kind in (images, labels):
        if len(same_kind) > 1:
            paths = " and ".join(file.path for file in same_kind[:2])
            return f"{_DUPLICATE}: {paths}"
    if not images:
        return f"{_NO_IMAGE} for {labels[0].path}"
    if with_labels and not labels:
        return f"{_NO_LABEL} for {images[0].path}"
    for file in (*images, *labels):
        if file.num_bytes == 0:
            return f"{_EMPTY}: {file.path}"
    return None


def fingerprint(total: int, num_frames: int) -> str:
    """Writes the sum of the frames' fingerprints, in any order, as text."""
    return f"{num_frames}-{total % 2**128:032x}"
