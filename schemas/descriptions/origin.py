"""What a data set is called, and whose layout and classes it has.

No file says where the pictures come from: drawn scenes and one's own may be
laid out and labelled as Cityscapes' are.
"""

import json
from typing import Any

from schemas.labels import named
from schemas.labels.cityscapes import is_of_cityscapes
from schemas.labels.table import first_difference
from schemas.layouts.layout import Layout
from schemas.layouts.table import CITYSCAPES, LAYOUTS
from schemas.manifest import Manifest

VERSION = "1.0.0"
_OWN_CLASSES = "own_classes"
_OWN_PICTURES = "own_pictures"

HOMEPAGE = "https://www.cityscapes-dataset.com/"
CITATION = """@inproceedings{Cordts2016Cityscapes,
  title = {The Cityscapes Dataset for Semantic Urban Scene Understanding},
  author = {Cordts, Marius and Omran, Mohamed and Ramos, Sebastian and Rehfeld,
    Timo and Enzweiler, Markus and Benenson, Rodrigo and Franke, Uwe and Roth,
    Stefan and Schiele, Bernt},
  booktitle = {Proc. of the IEEE Conference on Computer Vision and Pattern
    Recognition (CVPR)},
  year = {2016}
}"""


def name(content: Manifest) -> str:
    """Names a data set by its layout and classes: `kitti`, `own_classes`."""
    layout = _public_layout(content)
    if layout:
        return layout.name
    is_cityscapes = is_of_cityscapes(content.labels)
    return _OWN_PICTURES if is_cityscapes else _OWN_CLASSES


def is_like_cityscapes(content: Manifest) -> bool:
    """Whether a data set has Cityscapes' layout and its classes."""
    return _public_layout(content) == CITYSCAPES


def kind(content: Manifest) -> str:
    """Says whose layout and classes a data set has, if that is known."""
    layout = _public_layout(content)
    if layout is None:
        return "Pictures"
    return f"Street scenes laid out and labelled like {layout.title}"


def describe(content: Manifest) -> str:
    """Says in a sentence or two what a data set holds."""
    source = ""
    if is_like_cityscapes(content):
        source = " Link and citation are of that layout and those classes."
    return (
        f"{kind(content)}, with {content.label_space} label maps, "
        f"{content.num_classes} classes: "
        f"{', '.join(content.space.class_names)}.{source}"
    )


def _public_layout(content: Manifest) -> Layout | None:
    """Returns the public data set's layout that pictures and classes have.

    None where the layout is that of nobody's data set, or the classes are
    other ones than its own.
    """
    recorded = content.options.get("layout", {"name": CITYSCAPES.name})
    layout = LAYOUTS.get(recorded["name"])
    if layout is None or not layout.title:
        return None
    difference = first_difference(content.labels, named.table(layout.table))
    return None if difference else layout


def to_text(content: Any) -> str:
    """Lays JSON out, the same text for the same content."""
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
