"""Curves over one another, as SVG, on scales that odd values do not decide."""

import dataclasses
import html
import itertools
import math
from collections.abc import Sequence

import numpy as np

from trainer.visualization.page import keys, series_style

_WIDTH, _HEIGHT = 360, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 14, 14, 34

_FLATTENED = 5
"""A scale that is so much longer for a few values' sake leaves them out."""

_FEW = 0.05
"""Those may be this share of all values, or one of each curve."""

_NUM_SURE = 12
"""Of fewer values, an odd one has to be the farther away."""

_MAX_TICKS = 5
_MARK_PX, _LINE_PX = 56, 14
"""Room for the number of a mark."""


@dataclasses.dataclass(frozen=True)
class Curve:
    """A line of a figure.

    Attributes:
        name: What it is called.
        xs: Its places, rising.
        ys: Its values; one that is not finite leaves a gap.
        series: The number of its look, see `page.series_style`.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    series: int


def draw(
    title: str, curves: Sequence[Curve], x_name: str, has_keys: bool = True
) -> str:
    """Draws curves; nothing where no value is defined.

    What lies beyond the scale stands at its edge, with a mark and its value.

    Args:
        title: The figure's title.
        curves: The lines.
        x_name: What the x axis counts.
        has_keys: Whether the names of the lines stand beside the title.
    """
    bounds = limits([curve.ys for curve in curves])
    if bounds is None:
        return ""
    ends = [x for curve in curves for x in (curve.xs[0], curve.xs[-1])]
    plot = _Plot(min(ends), max(ends), *_widened(*bounds))
    names = keys([(curve.name, curve.series) for curve in curves])
    name = html.escape(title)
    return (
        f"<figure><figcaption>{name}{names if has_keys else ''}</figcaption>"
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img' "
        f"aria-label='{name}'>{plot.axes(x_name)}"
        f"{''.join(map(plot.line, curves))}{plot.marks(curves)}</svg></figure>"
    )


def limits(lines: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """Returns the lowest and highest value that a scale should hold.

    They are those of the values, but for a few that would flatten the rest.

    Args:
        lines: The values of each curve; those that are not finite are none.

    Returns:
        None where there is no value.
    """
    pooled = np.concatenate([np.asarray(line, float) for line in lines])
    values = np.sort(pooled[np.isfinite(pooled)])
    if not values.size:
        return None
    few = max(len(lines), math.ceil(_FEW * values.size))
    return -_highest(-values[::-1], few), _highest(values, few)


def _highest(values: np.ndarray, few: int) -> float:
    """Returns the highest of sorted values that the scale should hold."""
    length = values[-1] - values[0]
    factor = _FLATTENED * max(1, _NUM_SURE / values.size)
    for count in range(1, min(few, (values.size - 1) // 2) + 1):
        rest = values[-1 - count] - values[0]
        if 0 < factor * rest < length:
            return float(values[-1 - count])
    return float(values[-1])


def _widened(low: float, high: float) -> tuple[float, float]:
    """Leaves room above and below, and for a curve that is level."""
    room = 0.04 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Returns round numbers within bounds."""
    size = 10.0 ** math.floor(math.log10((high - low) / _MAX_TICKS))
    step = next(
        size * factor
        for factor in (1, 2, 5, 10)
        if (high - low) / (size * factor) <= _MAX_TICKS
    )
    first, last = math.ceil(low / step), math.floor(high / step)
    return [number * step for number in range(first, last + 1)]


def _shape(points: Sequence[tuple[float, float]], dashes: str) -> str:
    """Draws a line through points; of one alone, a dot."""
    if len(points) == 1:
        ((x, y),) = points
        return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3'/>"
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f"<polyline points='{places}'{dashes}/>"


@dataclasses.dataclass(frozen=True)
class _Plot:
    """The part of a figure within its axes, and its scales."""

    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        share = (value - self.left) / ((self.right - self.left) or 1)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)

    def axes(self, x_name: str) -> str:
        bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
        parts = [f"<path d='M{_LEFT} {_TOP}V{bottom}H{right}'/>"]
        for value in _ticks(self.low, self.high):
            y = self.y(value)
            parts.append(
                f"<path class=grid d='M{_LEFT} {y:.1f}H{right}'/><text x='"
                f"{_LEFT - 6}' y='{y + 4:.1f}' text-anchor='end'>{value:.4g}"
                "</text>"
            )
        for value in {self.left, self.right}:
            anchor = "end" if value > self.left else "start"
            label = f"{x_name} {value:g}" if anchor == "end" else f"{value:g}"
            parts.append(
                f"<text x='{self.x(value):.1f}' y='{bottom + 20}' "
                f"text-anchor='{anchor}'>{label}</text>"
            )
        return "".join(parts)

    def line(self, curve: Curve) -> str:
        color, dashes = series_style(curve.series)
        parts = []
        places = zip(curve.xs, curve.ys, strict=True)
        for is_drawn, group in itertools.groupby(
            places, lambda place: math.isfinite(place[1])
        ):
            points = [(self.x(x), self.y(self._inside(y))) for x, y in group]
            if is_drawn:
                parts.append(_shape(points, dashes))
        return (
            f"<g class=series style='color:{color}'><title>"
            f"{html.escape(curve.name)}</title>{''.join(parts)}</g>"
        )

    def marks(self, curves: Sequence[Curve]) -> str:
        """Draws a triangle at the edge for each value beyond the scale.

        Values that lie close together stand one below the other.
        """
        beyond = sorted(
            (self.x(x), y, curve.series)
            for curve in curves
            for x, y in zip(curve.xs, curve.ys, strict=True)
            if math.isfinite(y) and y != self._inside(y)
        )
        parts, rows, last = [], 0, -math.inf
        for x, y, series in beyond:
            rows = rows + 1 if x - last < _MARK_PX else 0
            last = x
            parts.append(self._mark(x, y, series, rows))
        return "".join(parts)

    def _inside(self, value: float) -> float:
        return min(max(value, self.low), self.high)

    def _mark(self, x: float, y: float, series: int, row: int) -> str:
        edge = self.y(self._inside(y))
        turn = 1 if y > self.high else -1
        side, anchor = (8, "start") if x < _WIDTH / 2 else (-8, "end")
        text_y = edge + turn * _LINE_PX * row + (11 if turn > 0 else -3)
        return (
            f"<g class=series style='color:{series_style(series)[0]}'>"
            f"<path class=mark d='M{x - 5:.1f} {edge + 8 * turn:.1f}h10"
            f"l-5 {-8 * turn}z'/><text x='{x + side:.1f}' y='{text_y:.1f}' "
            f"text-anchor='{anchor}'>{y:.4g}</text></g>"
        )
