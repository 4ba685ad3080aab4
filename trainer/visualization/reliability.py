"""The reliability diagram: accuracy over confidence, as SVG."""

from collections.abc import Mapping, Sequence

from trainer.visualization.page import series_style

_WIDTH, _HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 14, 40
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)

Bin = Mapping[str, float | None]
"""A bin, as `Calibration.to_dict` gives it."""


def draw(bins: Sequence[Bin]) -> str:
    """Draws accuracy over confidence, and how many pixels each bin holds.

    Bars that reach the diagonal are calibrated: a line leads from each to its
    mean confidence.

    Args:
        bins: The bins; those without pixels have no bar.
    """
    accuracy, gap = (series_style(number)[0] for number in (0, 1))
    total = sum(part["pixels"] or 0 for part in bins)
    filled = [part for part in bins if part["pixels"]]
    diagram = [f"<path d='M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}'/>"]
    shares = []
    for part in filled:
        right, sure = part["accuracy"] or 0, part["confidence"] or 0
        diagram.append(_bar(part, right, accuracy))
        middle = (_left(part) + _right(part)) / 2
        diagram.append(
            f"<g style='color:{gap}'><polyline points='{middle:.1f},"
            f"{_y(right):.1f} {middle:.1f},{_y(sure):.1f}'/>"
            f"<circle cx='{middle:.1f}' cy='{_y(sure):.1f}' r='3'/></g>"
        )
        shares.append(_bar(part, (part["pixels"] or 0) / total, accuracy))
    keys = (
        f"<b style='color:{accuracy}'>accuracy</b>"
        f"<b style='color:{gap}'>mean confidence</b>"
    )
    return (
        "<div class=charts>"
        + _figure("Reliability", keys, diagram)
        + _figure("Share of the pixels", "", shares)
        + "</div>"
    )


def _figure(title: str, keys: str, parts: Sequence[str]) -> str:
    return (
        f"<figure><figcaption>{title}<span class=keys>{keys}</span>"
        f"</figcaption><svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' "
        f"aria-label='{title}'>{_axes()}{''.join(parts)}</svg></figure>"
    )


def _axes() -> str:
    parts = [f"<path d='M{_LEFT} {_TOP}V{_y(0)}H{_x(1)}'/>"]
    for tick in _TICKS:
        percent = f"{100 * tick:.0f}"
        parts.append(
            f"<path class=grid d='M{_LEFT} {_y(tick):.1f}H{_x(1)}'/>"
            f"<text x='{_LEFT - 6}' y='{_y(tick) + 4:.1f}' text-anchor='end'>"
            f"{percent} %</text>"
            f"<text x='{_x(tick):.1f}' y='{_HEIGHT - _BOTTOM + 16}' "
            f"text-anchor='middle'>{percent}</text>"
        )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(
        f"<text x='{middle}' y='{_HEIGHT - 6}' text-anchor='middle'>"
        "confidence, in percent</text>"
    )
    return "".join(parts)


def _bar(part: Bin, height: float, color: str) -> str:
    left, right = _left(part), _right(part)
    return (
        f"<rect class=mark style='color:{color}' x='{left + 1:.1f}' "
        f"y='{_y(height):.1f}' width='{right - left - 2:.1f}' "
        f"height='{_y(0) - _y(height):.1f}' opacity='0.6'/>"
    )


def _left(part: Bin) -> float:
    return _x(part["above"] or 0)


def _right(part: Bin) -> float:
    return _x(part["upTo"] or 0)


def _x(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)
