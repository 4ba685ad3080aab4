"""A layout: where the pictures and the label maps of each split lie."""

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from typing import Any

from schemas.layouts.kinds import Kind, Place, frame_name

DRAWN_SPLITS = ("train", "val")
"""Those that `val_share` makes of frames that lie together."""


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a data set lays out and names its files.

    Attributes:
        name: A key of `table.LAYOUTS`, or `CUSTOM`.
        pictures: The pictures.
        labels: The label maps.
        title: What people call the data set; empty where it is anybody's.
        table: The name of its label table.
        folders: Split → the name of its folder, where that is another.
        val_share: The share of val where train and val lie together.
        otherwise: What is meant where a root has no such folders.
    """

    name: str
    pictures: Kind
    labels: Kind
    title: str = ""
    table: str = "cityscapes"
    folders: Mapping[str, str] = dataclasses.field(
        default_factory=dict, hash=False
    )
    val_share: float = 0.0
    otherwise: "Layout | None" = None

    def place(self, split: str, is_label: bool) -> Place:
        """Returns where one kind of file of a split lies."""
        kind = self.labels if is_label else self.pictures
        return Place(kind, self.folders.get(split, split))

    @functools.cached_property
    def is_drawn(self) -> bool:
        """Whether train and val lie together."""
        train, val = (self.place(split, False) for split in DRAWN_SPLITS)
        return train.pattern == val.pattern

    def holds(self, split: str, stem: str) -> bool:
        """Whether a frame that lies in a split's place is of that split."""
        if not self.is_drawn or split not in DRAWN_SPLITS:
            return True
        text = f"split/{frame_name(stem)}".encode()
        drawn = hashlib.blake2b(text, digest_size=8).digest()
        is_val = int.from_bytes(drawn, "big") < self.val_share * 2**64
        return is_val == (split == "val")

    def to_json(self) -> dict[str, Any]:
        """Gives what `table.restore` makes the same layout of."""
        content: dict[str, Any] = {
            "name": self.name,
            "image_pattern": self.pictures.pattern,
            "label_pattern": self.labels.pattern,
        }
        if self.is_drawn:
            content["val_share"] = self.val_share
        return content

    def problem(self, split: str) -> str:
        """Says why there is no such split; empty where there may be."""
        if self.folders and split not in self.folders:
            return f"layout {self.name} has no split {split}"
        if not self.is_drawn:
            return ""
        if split in DRAWN_SPLITS:
            needs_share = split == "val" and not self.val_share
            if not needs_share:
                return ""
            return (
                f"layout {self.name} has no split val; draw one from train, "
                "for example with --val_share=0.1, or give --splits=train"
            )
        train, other = (self.place(s, False) for s in ("train", split))
        if train.pattern != other.pattern:
            return ""
        return f"layout {self.name} has no split {split}"
