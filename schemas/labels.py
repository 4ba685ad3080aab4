"""The Cityscapes label table and the two id spaces that come from it.

Source: the label definitions that Cityscapes publishes with its official
scripts (`cityscapesscripts/helpers/labels.py`), 35 rows: ids -1 and 0..33.
"""

import dataclasses
import functools

import numpy as np

IGNORE_ID = 255
"""The id of a pixel that counts nowhere; never a class."""


@dataclasses.dataclass(frozen=True)
class Label:
    """One row of the label table.

    Attributes:
        name: The class's official name.
        label_id: The id in labelIds PNGs, -1 or 0..33.
        train_id: The id of the 19-class space; `IGNORE_ID` outside of it,
            -1 for the license plate.
        category: The group that the class belongs to.
        has_instances: Whether single objects are told apart.
        color: The official (red, green, blue), each in [0, 255].
    """

    name: str
    label_id: int
    train_id: int
    category: str
    has_instances: bool
    color: tuple[int, int, int]

    @property
    def is_void(self) -> bool:
        """Whether the official evaluation ignores the class."""
        return self.train_id in (IGNORE_ID, -1)


# name, label_id, train_id, category, has_instances, color
LABELS = tuple(
    Label(*row)
    for row in (
        ("unlabeled", 0, 255, "void", False, (0, 0, 0)),
        ("ego vehicle", 1, 255, "void", False, (0, 0, 0)),
        ("rectification border", 2, 255, "void", False, (0, 0, 0)),
        ("out of roi", 3, 255, "void", False, (0, 0, 0)),
        ("static", 4, 255, "void", False, (0, 0, 0)),
        ("dynamic", 5, 255, "void", False, (111, 74, 0)),
        ("ground", 6, 255, "void", False, (81, 0, 81)),
        ("road", 7, 0, "flat", False, (128, 64, 128)),
        ("sidewalk", 8, 1, "flat", False, (244, 35, 232)),
        ("parking", 9, 255, "flat", False, (250, 170, 160)),
        ("rail track", 10, 255, "flat", False, (230, 150, 140)),
        ("building", 11, 2, "construction", False, (70, 70, 70)),
        ("wall", 12, 3, "construction", False, (102, 102, 156)),
        ("fence", 13, 4, "construction", False, (190, 153, 153)),
        ("guard rail", 14, 255, "construction", False, (180, 165, 180)),
        ("bridge", 15, 255, "construction", False, (150, 100, 100)),
        ("tunnel", 16, 255, "construction", False, (150, 120, 90)),
        ("pole", 17, 5, "object", False, (153, 153, 153)),
        ("polegroup", 18, 255, "object", False, (153, 153, 153)),
        ("traffic light", 19, 6, "object", False, (250, 170, 30)),
        ("traffic sign", 20, 7, "object", False, (220, 220, 0)),
        ("vegetation", 21, 8, "nature", False, (107, 142, 35)),
        ("terrain", 22, 9, "nature", False, (152, 251, 152)),
        ("sky", 23, 10, "sky", False, (70, 130, 180)),
        ("person", 24, 11, "human", True, (220, 20, 60)),
        ("rider", 25, 12, "human", True, (255, 0, 0)),
        ("car", 26, 13, "vehicle", True, (0, 0, 142)),
        ("truck", 27, 14, "vehicle", True, (0, 0, 70)),
        ("bus", 28, 15, "vehicle", True, (0, 60, 100)),
        ("caravan", 29, 255, "vehicle", True, (0, 0, 90)),
        ("trailer", 30, 255, "vehicle", True, (0, 0, 110)),
        ("train", 31, 16, "vehicle", True, (0, 80, 100)),
        ("motorcycle", 32, 17, "vehicle", True, (0, 0, 230)),
        ("bicycle", 33, 18, "vehicle", True, (119, 11, 32)),
        ("license plate", -1, -1, "vehicle", False, (0, 0, 142)),
    )
)

DRAWN_LABELS = tuple(row for row in LABELS if row.label_id >= 0)
"""The 34 rows whose ids occur in labelIds PNGs, in id order."""

CATEGORIES = tuple(
    dict.fromkeys(row.category for row in DRAWN_LABELS if not row.is_void)
)
"""The 7 groups of the official category score, in table order."""


@dataclasses.dataclass(frozen=True)
class LabelSpace:
    """A set of class ids 0..num_classes-1 that a label map may hold.

    Attributes:
        name: `label_ids` or `train_ids`, as flags and manifests write it.
        classes: The table's row for each id, in id order.
        has_ignored: Whether a label map may hold `IGNORE_ID` as well.
    """

    name: str
    classes: tuple[Label, ...]
    has_ignored: bool

    @property
    def num_classes(self) -> int:
        """The number of ids, and of the network's outputs."""
        return len(self.classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The name of each id."""
        return tuple(row.name for row in self.classes)

    @property
    def stray_ids(self) -> range:
        """The ids that no label map may hold."""
        return range(self.num_classes, IGNORE_ID + (not self.has_ignored))

    def check_ids(self, ids: np.ndarray) -> None:
        """Checks that a label map, uint8 of any shape, holds no stray id.

        Raises:
            ValueError: It holds one.
        """
        # IGNORE_ID is the highest uint8: one more makes 0 of it.
        offset = np.uint8(self.has_ignored)
        highest = int((ids + offset).max()) - int(offset)
        if highest >= self.num_classes:
            raise ValueError(
                f"the label map holds the id {highest}, {self.name} are "
                f"0..{self.num_classes - 1}"
            )

    @functools.cached_property
    def evaluated(self) -> np.ndarray:
        """(num_classes,) bool: the ids that the official score counts."""
        return np.array([not row.is_void for row in self.classes])

    @functools.cached_property
    def to_label_ids(self) -> np.ndarray:
        """(256,) uint8: id of this space → labelId; all others → 0."""
        table = np.zeros(256, np.uint8)
        table[: self.num_classes] = [row.label_id for row in self.classes]
        return table

    @functools.cached_property
    def palette(self) -> np.ndarray:
        """(256, 3) uint8: the official colour of each id, else black."""
        table = np.zeros((256, 3), np.uint8)
        table[: self.num_classes] = [row.color for row in self.classes]
        return table


LABEL_IDS = LabelSpace("label_ids", DRAWN_LABELS, has_ignored=False)
"""The 34 ids of the labelIds PNGs; lossless."""

TRAIN_IDS = LabelSpace(
    "train_ids",
    tuple(
        sorted(
            (row for row in DRAWN_LABELS if not row.is_void),
            key=lambda row: row.train_id,
        )
    ),
    has_ignored=True,
)
"""The 19 official classes; every other pixel is `IGNORE_ID`."""

LABEL_SPACES = {space.name: space for space in (LABEL_IDS, TRAIN_IDS)}


def label_to_train_table() -> np.ndarray:
    """Builds the (256,) uint8 table labelId → trainId, else `IGNORE_ID`."""
    table = np.full(256, IGNORE_ID, np.uint8)
    for train_id, row in enumerate(TRAIN_IDS.classes):
        table[row.label_id] = train_id
    return table


LABEL_TO_TRAIN = label_to_train_table()


def overlay(
    image: np.ndarray, ids: np.ndarray, space: LabelSpace, opacity: float = 0.5
) -> np.ndarray:
    """Lays the official colours of a label map over its picture.

    Args:
        image: (H, W, 3) uint8 in [0, 255].
        ids: (H, W) uint8 ids of `space`; other ids leave the picture as is.
        space: The id space of `ids`.
        opacity: The colours' share, in [0, 1].

    Returns:
        (H, W, 3) uint8 in [0, 255].
    """
    blend = image * (1 - opacity) + space.palette[ids] * opacity
    known = (ids < space.num_classes)[..., None]
    return np.where(known, np.rint(blend), image).astype(np.uint8)
