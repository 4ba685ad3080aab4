"""Cityscapes' label table, the one that holds where no other is given.

Source: the label definitions that Cityscapes publishes with its official
scripts (`cityscapesscripts/helpers/labels.py`), without the license plate,
whose id -1 no label map holds.
"""

from schemas.labels.rows import Label
from schemas.labels.table import LabelTable, first_difference

# name, label_id, train_id, category, color
CITYSCAPES = LabelTable(
    tuple(
        Label(*row)
        for row in (
            ("unlabeled", 0, 255, "void", (0, 0, 0)),
            ("ego vehicle", 1, 255, "void", (0, 0, 0)),
            ("rectification border", 2, 255, "void", (0, 0, 0)),
            ("out of roi", 3, 255, "void", (0, 0, 0)),
            ("static", 4, 255, "void", (0, 0, 0)),
            ("dynamic", 5, 255, "void", (111, 74, 0)),
            ("ground", 6, 255, "void", (81, 0, 81)),
            ("road", 7, 0, "flat", (128, 64, 128)),
            ("sidewalk", 8, 1, "flat", (244, 35, 232)),
            ("parking", 9, 255, "flat", (250, 170, 160)),
            ("rail track", 10, 255, "flat", (230, 150, 140)),
            ("building", 11, 2, "construction", (70, 70, 70)),
            ("wall", 12, 3, "construction", (102, 102, 156)),
            ("fence", 13, 4, "construction", (190, 153, 153)),
            ("guard rail", 14, 255, "construction", (180, 165, 180)),
            ("bridge", 15, 255, "construction", (150, 100, 100)),
            ("tunnel", 16, 255, "construction", (150, 120, 90)),
            ("pole", 17, 5, "object", (153, 153, 153)),
            ("polegroup", 18, 255, "object", (153, 153, 153)),
            ("traffic light", 19, 6, "object", (250, 170, 30)),
            ("traffic sign", 20, 7, "object", (220, 220, 0)),
            ("vegetation", 21, 8, "nature", (107, 142, 35)),
            ("terrain", 22, 9, "nature", (152, 251, 152)),
            ("sky", 23, 10, "sky", (70, 130, 180)),
            ("person", 24, 11, "human", (220, 20, 60)),
            ("rider", 25, 12, "human", (255, 0, 0)),
            ("car", 26, 13, "vehicle", (0, 0, 142)),
            ("truck", 27, 14, "vehicle", (0, 0, 70)),
            ("bus", 28, 15, "vehicle", (0, 60, 100)),
            ("caravan", 29, 255, "vehicle", (0, 0, 90)),
            ("trailer", 30, 255, "vehicle", (0, 0, 110)),
            ("train", 31, 16, "vehicle", (0, 80, 100)),
            ("motorcycle", 32, 17, "vehicle", (0, 0, 230)),
            ("bicycle", 33, 18, "vehicle", (119, 11, 32)),
        )
    )
)
"""34 classes in 8 categories, 19 of them evaluated."""

LABEL_IDS = CITYSCAPES.label_ids
TRAIN_IDS = CITYSCAPES.train_ids


def is_of_cityscapes(table: LabelTable) -> bool:
    """Whether a table's classes are Cityscapes', in whatever colours."""
    return not first_difference(table, CITYSCAPES)
