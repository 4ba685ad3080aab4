"""Pages that need no other file, no script and no network."""

import html

from schemas import page

_STYLE = """
:root { --series-0: #1f63d6; --series-1: #b34700; }
@media (prefers-color-scheme: dark) {
  :root { --series-0: #75aaff; --series-1: #f2994f; }
}
.tiles, .charts, .panels { display: grid; gap: 12px; margin: 12px 0; }
.tiles { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
.charts {
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr));
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
svg .series text { fill: currentColor; }
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
