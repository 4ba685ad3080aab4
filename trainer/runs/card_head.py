"""The head of a model card: what Hugging Face's hub reads of it, as YAML.

Sources: huggingface.co/docs/hub/model-cards and the hub's `modelcard.md`
specification, whose `model-index` holds the scores.
"""

import json
from collections.abc import Iterator

from trainer.config import run_dir
from trainer.runs.evaluations import Evaluation
from trainer.runs.run import Run

_PLAIN = """\
library_name: keras
pipeline_tag: image-segmentation
tags:
- semantic-segmentation
- street-scenes
- u-net"""


def render(read: Run) -> str:
    """Writes the head, with a line of three dashes before and after it."""
    lines = ["---", _PLAIN]
    results = list(_results(read))
    if results:
        lines += ["model-index:", f"- name: {_text(read.name)}", "  results:"]
        lines += results
    return "\n".join([*lines, "---"])


def _results(read: Run) -> Iterator[str]:
    for scored in _published(read):
        metrics = [
            line
            for name, value in scored.means.items()
            if value is not None
            for line in _metric(name, value)
        ]
        if metrics:
            yield from _place(scored)
            yield "    metrics:"
            yield from metrics


def _published(read: Run) -> Iterator[Evaluation]:
    """Yields the scores of the run's best network, the first of each data."""
    found: list[Evaluation] = []
    for scored in read.evaluations.values():
        folder, _, file_name = scored.source.rpartition("/")
        is_own = run_dir.name(folder) == read.name
        is_new = not any(scored.data_set.is_of(e.data_set) for e in found)
        if is_own and is_new and file_name == run_dir.BEST_NETWORK:
            found.append(scored)
            yield scored


def _place(scored: Evaluation) -> Iterator[str]:
    data = scored.data_set
    name = _text(run_dir.name(data.folder) if data.folder else data.split)
    yield "  - task:"
    yield "      type: image-segmentation"
    yield "    dataset:"
    yield f"      name: {name}"
    yield f"      type: {name}"
    yield f"      split: {_text(data.split)}"


def _metric(name: str, value: float) -> Iterator[str]:
    yield f"    - type: {name.lower().replace(' ', '_')}"
    yield f"      name: {_text(name)}"
    yield f"      value: {value:.4f}"


def _text(text: str) -> str:
    """Quotes a text; JSON's quoting is YAML's, too."""
    return json.dumps(text)
