"""The names of frames: which file is a picture or a label map, and of which.

The one set of rules for the conversion and the trainer.  A layout is a row
of `LAYOUTS`.  No file is opened and no folder listed here; paths have slashes.
"""

import dataclasses
import functools
import itertools
import posixpath
import re
from collections.abc import Mapping, Sequence

from schemas import example, pictures

PICTURE_SUFFIXES = tuple(itertools.chain(*pictures.PICTURE_SUFFIXES.values()))
"""Of files that a network is applied to; upper case is the same."""

_OTHER_SUFFIXES = (
    ".jpe", ".gif", ".heic", ".heif", ".avif", ".jp2", ".jxl", ".ppm", ".pgm",
    ".pnm", ".tga", ".dds", ".psd", ".exr", ".dng",
)  # fmt: skip
"""Of pictures that nothing here reads."""

PREDICTION_KINDS = ("labelIds", "color", "overlay")
"""Folders of a prediction's output; the names in them end so, too."""

_FRAME = r"[^/_]+_\d{6}_\d{6}"
_HIDDEN = re.compile(r"(?:^|/)(?:\.(?!\.?/)|__MACOSX/)")
_ANNOTATION = re.compile(
    r"_(?:gtFine|gtCoarse)_[^/]*|_(?:label|instance)(?:Train)?Ids\.png",
    re.IGNORECASE,
)
_PREDICTION = re.compile(
    rf"(?:.*/)?({'|'.join(PREDICTION_KINDS)})/[^/]*_\1\.png"
)
_MAX_NAMED = 3


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of file of a layout.

    Attributes:
        pattern: Where such files lie below the root.  `{split}` is a folder,
            `{city}` any number of folders, even none, `{stem}` the frame's
            name.  The case of what follows the stem does not matter.
        mark: A part of the names of such files, in lower case.
        siblings: What may follow a stem in the names of pictures that lie
            among such files and are others: a pattern.
    """

    pattern: str
    mark: str
    siblings: str = "(?!)"

    @property
    def top(self) -> str:
        """The folder right below the root; zips' names begin with it."""
        return self.pattern.partition("/")[0]

    @property
    def ending(self) -> str:
        """What follows the stem in the files' names."""
        return self.pattern.rpartition("{stem}")[2]

    def split_of(self, path: str) -> str | None:
        """Returns the folder that a path below the root has below `top`."""
        head, _, below = f"/{path}".partition(f"/{self.top}/")
        split, is_folder, _ = below.partition("/")
        if not is_folder or is_hidden(f"{head}/{split}"):
            return None
        return split

    def is_zip_name(self, name: str) -> bool:
        """Whether a file beside the folders is a zip of such files."""
        return name.lower().startswith(self.top.lower()) and is_zip(name)


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a data set names its files.

    Attributes:
        pictures: The pictures.
        labels: The label maps: annotation → kind.
    """

    pictures: Kind
    labels: Mapping[str, Kind]

    def is_label_path(self, path: str) -> bool:
        """Whether a path leads through a folder of label maps."""
        return any(
            f"/{kind.top}/" in f"/{path}" for kind in self.labels.values()
        )


def _cityscapes_labels(annotation: str) -> Kind:
    return Kind(
        f"{annotation}/{{split}}/{{city}}/{{stem}}_{annotation}_labelIds.png",
        mark="_labelids",
        siblings=rf"_{annotation}_(?!labelIds\.)[^/]*",
    )


LAYOUTS = {
    "cityscapes": Layout(
        Kind(
            "leftImg8bit/{split}/{city}/{stem}_leftImg8bit.png",
            mark="_leftimg8bit",
        ),
        {name: _cityscapes_labels(name) for name in ("gtFine", "gtCoarse")},
    )
}
CITYSCAPES = LAYOUTS["cityscapes"]


@dataclasses.dataclass(frozen=True)
class Place:
    """Where one kind of file of one split lies, and how it is named.

    Attributes:
        kind: The kind of file.
        split: The split's folder.
    """

    kind: Kind
    split: str

    @functools.cached_property
    def folder(self) -> str:
        """The folder below the root that holds all such files."""
        fixed = self.kind.pattern.replace("{split}", self.split)
        return fixed.partition("{")[0].rstrip("/")

    @functools.cached_property
    def wildcard(self) -> str:
        """The pattern as a user reads it: `leftImg8bit/val/**/*_left…`."""
        fixed = self.kind.pattern.replace("{split}", self.split)
        return fixed.replace("{city}", "**").replace("{stem}", "*")

    def below(self, path: str) -> str | None:
        """Returns what follows the folder in a path, None elsewhere.

        Args:
            path: Below the root; a zip may have folders above its own.
        """
        head, found, below = f"/{path}".partition(f"/{self.folder}/")
        return below if found and not is_hidden(f"{head}/") else None

    def stem(self, below: str) -> str | None:
        """Returns the name of the frame that a file is of.

        Args:
            below: The file's path below `folder`.
        """
        found = self._regex.fullmatch(below)
        return found["stem"] if found and not is_hidden(below) else None

    def complaint(self, below: str) -> str:
        """Says why a file that looks like one of this kind is not taken.

        Args:
            below: The path below `folder` of a file that has no `stem`.

        Returns:
            The reason, empty where the file is obviously something else.
        """
        if is_hidden(below):
            return ""
        name = posixpath.basename(below).lower()
        ending = self.kind.ending.lower()
        if name.endswith(ending) and name != ending:
            return "the name cannot be a frame's"
        is_other = re.fullmatch(rf".*{self.kind.siblings}", below, re.I)
        looks_like_one = self.kind.mark in name
        if not looks_like_one and (is_other or not is_any_picture(below)):
            return ""
        return f"not named <city>_<sequence>_<frame>{self.kind.ending}"

    def expected(self, stem: str) -> str:
        """Returns the path below the root that a frame's file should have."""
        name = stem + self.kind.ending
        return f"{self.folder}/{stem.rsplit('_', 2)[0]}/{name}"

    @functools.cached_property
    def _regex(self) -> re.Pattern[str]:
        fixed = self.kind.pattern.replace("{split}", self.split)
        regex = re.escape(fixed.removeprefix(f"{self.folder}/"))
        for field, meaning in (
            (r"\{city\}/", "(?:.*/)?"),
            (r"\{stem\}", f"(?P<stem>{example.NAME})"),
        ):
            regex = regex.replace(field, meaning)
        # Without ASCII, a dotted capital I is an i here and nowhere else.
        return re.compile(regex, re.IGNORECASE | re.DOTALL | re.ASCII)


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
    files = "1 file is" if len(strays) == 1 else f"{len(strays)} files are"
    return f"{files} left out, first {named}"


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
    mark = CITYSCAPES.pictures.mark
    return name[: -len(mark)] if name.lower().endswith(mark) else name


def prediction_path(stem: str, kind: str) -> str:
    """Returns where in its output folder a prediction is written."""
    return f"{kind}/{stem}_{kind}.png"


def is_picture(path: str) -> bool:
    """Whether a file of a folder is a picture for a network, by its name."""
    return (
        path.lower().endswith(PICTURE_SUFFIXES)
        and not is_hidden(path)
        and not picture_complaint(path)
    )


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
    is_frame = path.lower().endswith(CITYSCAPES.pictures.ending.lower())
    if not is_frame and _ANNOTATION.search(posixpath.basename(path)):
        return "named as a label map"
    if path.lower().endswith(_OTHER_SUFFIXES):
        return f"none of {', '.join(PICTURE_SUFFIXES)}"
    return ""
