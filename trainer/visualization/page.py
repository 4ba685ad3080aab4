"""Pages that need no other file, no script and no network."""

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from schemas import page

_NUM_COLORS = 8
_DASHES = ("", "7 4", "2 4", "12 4 2 4")
_PICTURE_PX = 480

_STYLE = """
:root {
  --series-0: #1f63d6; --series-1: #b34700; --series-2: #1a7431;
  --series-3: #a3279a; --series-4: #6b5900; --series-5: #0b6f7a;
  --series-6: #c0262d; --series-7: #6639ba;
}
@media (prefers-color-scheme: dark) {
  :root {
    --series-0: #75aaff; --series-1: #f2994f; --series-2: #6fd08c;
    --series-3: #f08bd8; --series-4: #d9c24a; --series-5: #5fd0dc;
    --series-6: #ff8a80; --series-7: #bda4ff;
  }
}
.tiles, .charts, .panels { display: grid; gap: 12px; margin: 12px 0; }
.tiles { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
.charts {
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr));
}
.panels {
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 220px), 1fr));
}
.tile { padding: 8px 14px; font-size: 14px; overflow-wrap: anywhere; }
.tile b { display: block; font-size: 24px; font-weight: 650; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 13px; fill: var(--soft); }
svg path { stroke: var(--soft); fill: none; }
svg polyline { stroke: currentColor; stroke-width: 2; fill: none; }
svg .grid { stroke: var(--line); }
svg circle, svg .mark { fill: currentColor; stroke: none; }
svg .series text { fill: currentColor; }
.keys { display: flex; flex-wrap: wrap; gap: 2px 14px; }
.keys b { font-weight: 600; overflow-wrap: anywhere; white-space: normal; }
.keys svg { display: inline-block; width: 26px; margin-right: 6px; }
.scroll { overflow-x: auto; }
.matrix { border-collapse: collapse; font-size: 12px; }
.matrix th { font-weight: 400; overflow-wrap: anywhere; }
.matrix th:first-child {
  position: sticky; left: 0; min-width: 84px; max-width: 140px;
  padding: 0 8px 0 0; text-align: right; background: var(--page);
}
.matrix tr:first-child th { vertical-align: bottom; }
.matrix tr:first-child span {
  writing-mode: vertical-rl; transform: rotate(180deg); max-height: 140px;
}
.matrix td {
  min-width: 28px; height: 24px; text-align: center;
  border: 1px solid var(--line);
}
.matrix .right { border: 2px solid var(--soft); }
"""
"""What figures add to the common style; `charts` draws for it."""


def render(title: str, body: str) -> str:
    """Renders a page, dark where its reader's system is.

    Args:
        title: Its title, as text.
        body: The HTML of its sections.
    """
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<link rel=icon href='data:,'><title>{html.escape(title)}</title>"
        f"<style>{page.style()}{_STYLE}</style>"
        f"<body><main>{body}</main></body></html>\n"
    )


def series_style(number: int) -> tuple[str, str]:
    """Returns the look of a line among others, another one for each of many.

    Returns:
        Its colour, in CSS, and the attribute of its dashes, in SVG.
    """
    dashes = _DASHES[number // _NUM_COLORS % len(_DASHES)]
    return (
        f"var(--series-{number % _NUM_COLORS})",
        f" stroke-dasharray='{dashes}'" if dashes else "",
    )


def keys(names: Sequence[tuple[str, int]]) -> str:
    """Renders what lines are called, each beside a piece of it.

    Args:
        names: (name, number of its look) of each.
    """
    parts = []
    for name, number in names:
        color, dashes = series_style(number)
        parts.append(
            f"<b style='color:{color}'><svg viewBox='0 0 26 10' aria-hidden="
            f"true><polyline points='0,6 26,6'{dashes}/></svg>"
            f"{html.escape(name)}</b>"
        )
    return f"<span class=keys>{''.join(parts)}</span>"


def made_small(pixels: np.ndarray) -> np.ndarray:
    """Shrinks (H, W, 3) uint8 to the size that pages show; returns a copy."""
    picture = Image.fromarray(pixels)
    if picture.width > _PICTURE_PX:
        height = max(1, round(picture.height * _PICTURE_PX / picture.width))
        picture = picture.resize((_PICTURE_PX, height))
    return np.array(picture)


def data_uri(pixels: np.ndarray) -> str:
    """Encodes (H, W, 3) uint8, made small, for an <img> tag."""
    stream = io.BytesIO()
    Image.fromarray(made_small(pixels)).save(stream, "JPEG", quality=88)
    encoded = base64.b64encode(stream.getvalue()).decode()
    return f"data:image/jpeg;base64,{encoded}"
