"""What a data set is called, and where its pictures come from."""

import json
from typing import Any

from schemas.labels.cityscapes import is_of_cityscapes
from schemas.manifest import Manifest

VERSION = "1.0.0"
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
    """Names a data set by its classes."""
    return "cityscapes" if is_of_cityscapes(content.labels) else "own_classes"


def describe(content: Manifest) -> str:
    """Says in a sentence what a data set holds."""
    what = "Street scenes" if is_of_cityscapes(content.labels) else "Pictures"
    return (
        f"{what} with {content.label_space} label maps, "
        f"{content.num_classes} classes: "
        f"{', '.join(content.space.class_names)}."
    )


def to_text(content: Any) -> str:
    """Lays JSON out, the same text for the same content."""
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
