"""Where the frames of a video come from: one by one, in order, with times."""

import dataclasses
import importlib.util
import posixpath
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Protocol

import numpy as np

from schemas import sizes
from schemas.extras import install
from schemas.failures import UserError
from schemas.layouts import filenames
from schemas.sizes import Size
from trainer.storage import files, images, notes
from trainer.storage.image_files import Pictures

EXTRA = "video"
_PACKAGE = "av"

_MAX_DENOMINATOR = 1001
"""Of NTSC's rates, as 30000/1001: 29.97002997 is that one, 29.97 is 2997/100.

What all digits make of the former is more than FFmpeg's numbers hold.
"""

Complain = Callable[[str], None]
"""Takes one line that says what is missing from a video."""


@dataclasses.dataclass(frozen=True, eq=False)
class VideoFrame:
    """A decoded frame.

    Attributes:
        image: (H, W, 3) uint8 in [0, 255], upright.
        seconds: When it is shown, counted from the first one.
        pixel_aspect: The width of a pixel as a share of its height.
    """

    image: np.ndarray
    seconds: Fraction
    pixel_aspect: Fraction = Fraction(1)


class FrameSource(Protocol):
    """Frames of one size.

    Attributes:
        path: What to call it in messages.
        stem: What to call what is made of it.
        rate: Frames a second, on average where they vary.
        num_frames: How many there should be; None where nothing tells.
    """

    path: str
    stem: str
    rate: Fraction
    num_frames: int | None

    def frames(self, complain: Complain) -> Iterator[VideoFrame]:
        """Yields the frames and never holds more than a few."""


def open_clip(path: str) -> FrameSource:
    """Opens a clip.

    Raises:
        FileNotFoundError: There is none.
        OSError: It cannot be read.
        UserError: The package that reads it is not installed.
        ValueError: It is no clip, or holds no frames of a size that is taken.
    """
    if files.num_bytes(path) is None:
        raise FileNotFoundError(
            f"--input={path} does not exist; give one clip by its name"
        )
    _check_installed(f"{path} is a clip")
    from trainer.video.clip import Clip

    return Clip(path)


def _check_installed(reason: str) -> None:
    """Raises UserError where the package of clips is missing."""
    if importlib.util.find_spec(_PACKAGE) is None:
        raise UserError(
            f"{reason}, which takes the package {_PACKAGE}; run "
            f"{install(EXTRA)}"
        )


class PictureFrames:
    """Picture files as the frames of one video, in their order."""

    def __init__(self, place: str, found: Pictures, fps: float):
        """Looks at no picture.

        Args:
            place: What named the pictures: their folder, zip or pattern.
            found: The pictures.
            fps: Frames a second.

        Raises:
            UserError: The package that writes videos is not installed.
        """
        _check_installed(f"--fps={fps:g} makes a video")
        self.path = place
        self.stem = _stem(place, found.paths)
        self.rate = Fraction(str(fps)).limit_denominator(_MAX_DENOMINATOR)
        self.num_frames: int | None = len(found.paths)
        self._found = found

    def frames(self, complain: Complain) -> Iterator[VideoFrame]:
        """Yields the pictures; those that are no frames leave a gap.

        Args:
            complain: Is told of each that cannot be read, or is of another
                size than the first.
        """
        notes.say(filenames.describe(self._found.strays))
        paths = self._found.paths
        numbers = {path: number for number, path in enumerate(paths)}
        first, size = "", None
        for picture in images.read_pictures(paths, complain):
            path, image = picture.path, picture.image
            if size is None:
                first, size = path, image.shape[:2]
            if image.shape[:2] == size:
                yield VideoFrame(image, numbers[path] / self.rate)
            else:
                complain(_other_size(path, image.shape[:2], first, size))


def _other_size(path: str, size: Size, first: str, wanted: Size) -> str:
    return (
        f"{path}: a picture of {sizes.to_text(size)}, but the video's first "
        f"frame, {first}, is of {sizes.to_text(wanted)}; predict it without "
        "--fps, or bring the pictures to one size"
    )


def _stem(place: str, paths: Sequence[str]) -> str:
    """Names a video by what holds its pictures; by the picture if it is one."""
    if list(paths) == [place]:
        return filenames.picture_stem(place)
    if place not in paths[0]:  # a pattern
        place = posixpath.dirname(paths[0])
    name = posixpath.basename(posixpath.abspath(place))
    return posixpath.splitext(name)[0] if filenames.is_zip(name) else name
