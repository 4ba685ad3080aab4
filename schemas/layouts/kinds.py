"""Patterns of paths → which file is of which frame.

A pattern is a path below a data set's root.  Its fields are `{split}`, the
split's folder; `{city}`, any number of folders, even none, that tell frames
apart; `{stem}`, a file's name.  `**/` is any number of folders that tell
nothing, and a last `.*` any of `FRAME_SUFFIXES`.  Two files are of one frame
if the texts that `{city}` and `{stem}` match are equal.
"""

import dataclasses
import functools
import posixpath
import re

from schemas import example, pictures
from schemas.layouts import filenames

FRAME_SUFFIXES = tuple(
    suffix
    for picture_format in ("PNG", "JPEG")
    for suffix in pictures.PICTURE_SUFFIXES[picture_format]
)
"""Of the pictures that frames may have; upper case is the same."""

_ANY_SUFFIX = ".*"
_TOKENS = re.compile(r"(\{city\}/|\{city\}|\{stem\}|\*\*/|\.\*$)")
_REGEX_OF = {
    "{city}/": "(?:(?P<city>.+)/)?",
    "{city}": "(?P<city>[^/]+)",
    "{stem}": f"(?P<stem>{example.NAME})",
    "**/": "(?:.*/)?",
    _ANY_SUFFIX: f"(?:{'|'.join(map(re.escape, FRAME_SUFFIXES))})",
}
# Without ASCII, a dotted capital I is an i here and nowhere else.
_FLAGS = re.IGNORECASE | re.DOTALL | re.ASCII


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of file of a layout.

    Attributes:
        pattern: Where such files lie, as the module says.  The case of what
            follows the split's folder does not matter.
        mark: A part of the names of such files alone, in lower case.
        siblings: What may follow a stem in the names of pictures that lie
            among such files and are others: a pattern.
        stem_hint: What a stem looks like, for messages.
        zips: What the names of zips of such files begin with; None for the
            folder right below the root.
    """

    pattern: str
    mark: str = ""
    siblings: str = "(?!)"
    stem_hint: str = "<name>"
    zips: str | None = None

    @property
    def ending(self) -> str:
        """What follows the stem in the files' names."""
        after = self.pattern.rpartition("{stem}")[2]
        return after.rpartition("/")[2]

    @property
    def zip_begin(self) -> str:
        """What the names of zips of such files begin with."""
        if self.zips is not None:
            return self.zips
        first = self.pattern.partition("/")[0]
        return "" if _TOKENS.search(first) or "{" in first else first

    @property
    def tells_split(self) -> bool:
        """Whether a path's folders tell its split, whatever splits exist."""
        head, field, _ = self.pattern.partition("{split}")
        return bool(field) and not _TOKENS.search(head)

    def split_folder(self, split: str) -> str:
        """Returns the path, from the root, of what a split's folder is."""
        head, _, after = self.pattern.partition("{split}")
        return head + split + after.partition("/")[0]

    def split_of(self, path: str) -> str | None:
        """Returns the folder that a path has in the place of `{split}`.

        None where it has none, or the pattern does not say which it is.
        """
        if not self.tells_split:
            return None
        head, _, after = self.pattern.partition("{split}")
        after = after.partition("/")[0]
        found = re.search(
            rf"(?:^|/){re.escape(head)}([^/]+){re.escape(after)}/", path
        )
        if not found or filenames.is_hidden(path[: found.end() - 1]):
            return None
        return found[1]


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
    def pattern(self) -> str:
        """The kind's pattern, the split's folder filled in."""
        return self.kind.pattern.replace("{split}", self.split)

    @functools.cached_property
    def folder(self) -> str:
        """The folder below the root that holds all such files; may be ""."""
        return _TOKENS.split(self.pattern)[0].rpartition("/")[0]

    @property
    def top(self) -> str:
        """The folder right below the root that does; may be ""."""
        return self.folder.partition("/")[0]

    @property
    def telling(self) -> str:
        """The folder that tells a data set: `top`, or all of `folder`.

        A split's name alone tells nothing.
        """
        is_named = self.kind.pattern.startswith(f"{self.top}/")
        return self.top if is_named else self.folder

    @functools.cached_property
    def wildcard(self) -> str:
        """The pattern as a user reads it: `leftImg8bit/val/**/*_left…`."""
        glob = self.pattern.replace("{city}/", "**/").replace("{city}", "*")
        return glob.replace("{stem}", "*")

    @property
    def zips(self) -> str:
        """The zips that may hold such files, as a user reads them."""
        return f"{self.kind.zip_begin}*.zip"

    def is_zip_name(self, name: str) -> bool:
        """Whether a file beside the folders is a zip of such files."""
        is_named_so = name.lower().startswith(self.kind.zip_begin.lower())
        is_zip = filenames.is_zip(name) and not filenames.is_hidden(name)
        return is_named_so and is_zip

    def below(self, path: str) -> str | None:
        """Returns what follows the folder in a path, None elsewhere.

        Args:
            path: Below the root; a zip may have folders above its own.
        """
        if not self.folder:
            return path
        head, found, below = f"/{path}".partition(f"/{self.folder}/")
        return below if found and not filenames.is_hidden(f"{head}/") else None

    def stem(self, below: str) -> str | None:
        """Returns what tells the frame that a file is of.

        Args:
            below: The file's path below `folder`.

        Returns:
            The text of `{stem}`, after that of `{city}` and a slash where
            the pattern has one; None of a file of no frame.
        """
        found = self._regex.fullmatch(below)
        if not found or filenames.is_hidden(below):
            return None
        texts = found.groupdict()
        city, stem = texts.get("city"), texts["stem"]
        text = f"{city}/{stem}" if city else stem
        return text if re.fullmatch(example.NAME, frame_name(text)) else None

    def complaint(self, below: str) -> str:
        """Says why a file that looks like one of this kind is not taken.

        Args:
            below: The path below `folder` of a file that has no `stem`.

        Returns:
            The reason, empty where the file is obviously something else.
        """
        if filenames.is_hidden(below) or self._is_elsewhere(below):
            return ""
        name = posixpath.basename(below).lower()
        if self._tail.search(name):
            return "the name cannot be a frame's"
        is_other = re.fullmatch(rf".*{self.kind.siblings}", below, re.I)
        looks_like_one = bool(self.kind.mark) and self.kind.mark in name
        is_picture = filenames.is_any_picture(below)
        if not looks_like_one and (is_other or not is_picture):
            return ""
        ending = self.kind.ending
        if ending == _ANY_SUFFIX:
            ending = f" and {' or '.join(FRAME_SUFFIXES)}"
        return f"not named {self.kind.stem_hint}{ending}"

    def expected(self, stem: str) -> str:
        """Returns the path below the root that a frame's file should have."""
        city, _, name = stem.rpartition("/")
        path = self.pattern.replace("**/", f"{name.rsplit('_', 2)[0]}/")
        path = path.replace("{city}/", f"{city}/" if city else "")
        return path.replace("{city}", city).replace("{stem}", name)

    def _is_elsewhere(self, below: str) -> bool:
        """Whether a path may be another split's."""
        if self.kind.tells_split or "{split}" not in self.kind.pattern:
            return False
        return f"/{self.split}/" not in f"/{below}"

    @functools.cached_property
    def _regex(self) -> re.Pattern[str]:
        fixed = self.pattern[len(f"{self.folder}/") if self.folder else 0 :]
        return re.compile(_to_regex(fixed), _FLAGS)

    @functools.cached_property
    def _tail(self) -> re.Pattern[str]:
        return re.compile(rf".{_to_regex(self.kind.ending)}\Z", _FLAGS)


def frame_name(stem: str) -> str:
    """Returns the name of a frame, of what `Place.stem` gives."""
    return stem.replace("/", "_")


def _to_regex(pattern: str) -> str:
    parts = _TOKENS.split(pattern)
    return "".join(_REGEX_OF.get(part, re.escape(part)) for part in parts)
