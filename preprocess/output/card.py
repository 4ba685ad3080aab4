"""index.html: one static page that shows what a data set holds.

The page needs no network, no script and no other file.  It names no folder,
so that the same frames and options give the same page anywhere.
"""

import html
import importlib.resources
import math
import string
from collections.abc import Iterable

import numpy as np

from preprocess.output.card_samples import Sample, read_samples
from schemas import class_weights, page
from schemas.descriptions import origin
from schemas.labels.rows import Label
from schemas.manifest import NATIVE, SEVERAL, Manifest, Split
from schemas.quantities import byte_size, noun

FILE_NAME = "index.html"
_TEMPLATE_FILE = "card_template.html"
_SMALLEST_SHARE = 1e-5
"""Where the logarithmic bars begin: five decades below 100 percent."""
_CLASSES_NOTE = """<p class="soft">Share of all labelled pixels, on a
logarithmic scale. Weights are median-frequency weights over the evaluated
classes of {split}; classes in grey are not evaluated.</p>
"""
_BARS_HEAD = """<li class="head"><span>Class</span><i><span>0.001 %</span>
<span>0.01</span><span>0.1</span><span>1</span><span>10</span>
<span>100 %</span></i><span>Share</span><span>Weight</span></li>
"""


def render(content: Manifest, output_dir: str) -> str:
    """Renders the card of a data set.

    Args:
        content: The data set's manifest.
        output_dir: The folder with its finished shards.

    Returns:
        The page's HTML, the same for the same shards and manifest.
    """
    resources = importlib.resources.files("preprocess.output")
    template = resources.joinpath(_TEMPLATE_FILE).read_text("utf-8")
    total = sum(split.num_examples for split in content.splits.values())
    num_bytes = sum(split.num_bytes for split in content.splits.values())
    split = next(iter(content.splits), "train")
    return string.Template(template).substitute(
        style=page.style(),
        title=_title(content),
        summary=_escape(_summary(content)),
        total=f"{total:,} {noun(total, 'frame')}",
        size=byte_size(num_bytes),
        splits="".join(
            _render_split(name, split) for name, split in content.splits.items()
        ),
        samples="".join(map(_render_sample, read_samples(content, output_dir))),
        classes=_render_classes(content),
        split=_escape(split),
        facts=_render_facts(content),
    )


def _title(content: Manifest) -> str:
    is_cityscapes = origin.is_like_cityscapes(content)
    return "Cityscapes records" if is_cityscapes else "Records"


def _summary(content: Manifest) -> str:
    size = content.image_size
    size = size if size == NATIVE else f"{size[0]}×{size[1]}"
    formats = content.image_format.upper()
    if content.image_format == SEVERAL:
        formats = "PNG and JPEG"
    return (
        f"{content.num_classes} classes in {content.label_space}, {size} "
        f"{formats} pictures"
    )


def _render_split(name: str, split: Split) -> str:
    """Renders one split's numbers as a box."""
    sizes = sorted(split.image_sizes.items(), key=lambda item: -item[1])
    shown = ", ".join(
        f"{size.replace('x', '×')} ({count:,})" for size, count in sizes[:3]
    )
    if len(sizes) > 3:
        shown += f" and {len(sizes) - 3} more"
    rows = {
        "Shards": f"{len(split.shards):,}",
        "Size": byte_size(split.num_bytes),
        "Skipped": f"{split.num_skipped:,}",
        "Label maps": "yes" if any(split.class_pixels) else "none",
        "Height×width": shown or "–",
    }
    return (
        f'<section class="box split"><h3>{_escape(name)}</h3>'
        f"<p><b>{split.num_examples:,}</b> "
        f"{noun(split.num_examples, 'frame')}</p>"
        f"<dl>{_render_rows(rows.items())}</dl></section>\n"
    )


def _render_sample(sample: Sample) -> str:
    height, width = sample.size
    name = _escape(sample.name)
    if sample.picture:
        shown = (
            f'<img src="{sample.picture}" width="{width}" height="{height}" '
            f'alt="Frame {name} with its label map over it">'
        )
    else:
        shown = f'<p class="problem">{_escape(sample.problem)}</p>'
    return (
        f"<figure>{shown}<figcaption>{name}"
        f"<span>{_escape(sample.split)}</span></figcaption></figure>\n"
    )


def _render_classes(content: Manifest) -> str:
    """Renders the histogram over all splits, with weights from the first."""
    labelled = {
        name: split
        for name, split in content.splits.items()
        if any(split.class_pixels)
    }
    if not labelled:
        return "<p>No split of this data set has label maps.</p>"
    name, first = next(iter(labelled.items()))
    weights = class_weights.median_frequency(
        first.class_pixels, first.present_pixels, content.space.evaluated
    )
    pixels = np.sum([s.class_pixels for s in labelled.values()], axis=0)
    shares = pixels / pixels.sum()
    order = sorted(np.flatnonzero(pixels), key=lambda i: -pixels[i])
    rows = "".join(
        _render_class(content.space.classes[i], shares[i], weights[i])
        for i in order
    )
    names = content.space.class_names
    absent = ", ".join(names[i] for i in np.flatnonzero(pixels == 0))
    return (
        f"{_CLASSES_NOTE.format(split=_escape(name))}"
        f'<ol class="bars">\n{_BARS_HEAD}{rows}</ol>\n'
        f'<p class="soft">Not in this set: {_escape(absent) or "none"}.</p>'
    )


def _render_class(row: Label, share: float, weight: float) -> str:
    """Renders one class: name, bar, share of the pixels, weight."""
    decades = -math.log10(_SMALLEST_SHARE)
    length = 100 * (1 + math.log10(max(share, _SMALLEST_SHARE)) / decades)
    red, green, blue = row.color
    kind = ' class="void"' if row.is_void else ""
    return (
        f"<li{kind}><span>{_escape(row.name)}</span>"
        f'<i><b style="width:{max(length, 1):.1f}%;'
        f'background:rgb({red},{green},{blue})"></b></i>'
        f"<span>{_format_percent(share)}</span>"
        f"<span>{f'{weight:.2f}' if weight else '–'}</span></li>\n"
    )


def _render_facts(content: Manifest) -> str:
    options = ((name, str(v)) for name, v in sorted(content.options.items()))
    return _render_rows((*options, *sorted(content.versions.items())))


def _render_rows(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f"<dt>{_escape(name)}</dt><dd>{_escape(value)}</dd>"
        for name, value in rows
    )


def _format_percent(share: float) -> str:
    """Formats a share with two significant digits, at least `0.001 %`."""
    percent = 100 * share
    if percent < 0.001:
        return "&lt; 0.001 %"
    digits = max(0, 1 - math.floor(math.log10(percent)))
    return f"{percent:.{digits}f} %"


def _escape(text: str) -> str:
    return html.escape(str(text))
