"""The tables of public data sets, by name.

`camvid.csv` is of the SegNet tutorial's packaging; `idd.csv` of AutoNUE's
public-code (`helpers/anue_labels.py`), each id a class of its own, where IDD's
score joins some; `mapillary.csv` of Mapillary Vistas v1.2.
"""

import dataclasses
import functools
import importlib.resources

from schemas.labels import files
from schemas.labels.cityscapes import CITYSCAPES, TRAIN_IDS
from schemas.labels.rows import IGNORE_ID
from schemas.labels.table import LabelTable

NAMES = ("cityscapes", "cityscapes_train_ids", "camvid", "idd", "mapillary")
_IGNORE_IDS = {"camvid": 11, "idd": IGNORE_ID, "mapillary": 65}
"""Table in a file → what its label maps hold where no class is meant."""


@functools.lru_cache
def table(name: str) -> LabelTable:
    """Returns a table by its name."""
    if name == "cityscapes":
        return CITYSCAPES
    if name == "cityscapes_train_ids":
        rows = (
            dataclasses.replace(row, label_id=row.train_id)
            for row in TRAIN_IDS.classes
        )
        return LabelTable(tuple(rows), IGNORE_ID)
    text = importlib.resources.files("schemas.labels").joinpath(f"{name}.csv")
    rows_of_file = files.parse(text.read_text("utf-8"))
    return LabelTable(rows_of_file.classes, _IGNORE_IDS[name])
