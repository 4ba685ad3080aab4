"""Which of its forms a layout has where files lie."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence

from schemas.layouts.layout import Layout

_SPLIT_FOLDER = re.compile(
    r"(?:train(?:ing|val)?|val(?:id(?:ation)?)?|test(?:ing)?)(?:set)?"
    r"(?:[^a-z.][^.]*)?",
    re.IGNORECASE,
)
"""`training`, `val2017`, `test_set`; neither `valencia` nor `train.txt`."""


def find_form(
    layout: Layout,
    splits: Sequence[str],
    holds: Callable[[Layout, str], bool],
    folders: Callable[[Layout], Iterable[str]],
) -> Layout:
    """Returns the form that is there, where a layout has several.

    Folders that are named as splits are, if otherwise than here, are no
    cities: frames of validation would be drawn for training.

    Args:
        layout: The first form.
        splits: Those that are looked for.
        holds: Whether a split has files by a form.
        folders: The names in the place of a form's splits.
    """
    while layout.otherwise:
        if any(holds(layout, split) for split in splits):
            return layout
        named_so = filter(_SPLIT_FOLDER.fullmatch, folders(layout))
        renamed = (
            dataclasses.replace(layout, folders={splits[0]: name})
            for name in named_so
        )
        if any(holds(form, splits[0]) for form in renamed):
            return layout
        layout = dataclasses.replace(
            layout.otherwise, val_share=layout.val_share
        )
    return layout
