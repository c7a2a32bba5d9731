"""Small plots as SVG text: no script, no file beside them, colours from the page's style sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from appliance.services.evaluation.summary import Kind, Measure

_ROW = 26
_LABEL = 290
_BAR = 360
_VALUE = 60


def intervals(measures: Iterable[Measure]) -> str:
    """Every share as a point on a scale from 0 to 1, with its interval."""
    shown = [m for m in measures if m.kind is Kind.SHARE and m.value is not None]
    height = _ROW * len(shown) + 30
    parts = [_scale(height - 22, 8)]
    for row, measure in enumerate(shown):
        assert measure.value is not None
        y = 16 + _ROW * row
        low = _x(measure.value if measure.low is None else measure.low)
        high = _x(measure.value if measure.high is None else measure.high)
        parts += [
            _text(_LABEL - 12, y + 4, measure.label, "end"),
            f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>',
            f'<circle class="point" cx="{_x(measure.value):.1f}" cy="{y}" r="5"/>',
            _text(_LABEL + _BAR + 14, y + 4, f"{measure.value:.3f}", "start"),
        ]
    return _svg(_LABEL + _BAR + _VALUE + 14, height, "Measures with 95 % intervals", parts)


def curves(series: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Recall over the rank, one line per series of values at 1, 2, …"""
    shown = [(name, values) for name, values in series if values]
    left, top, width, height = 50, 16, 420, 200
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = top + height * (1 - share)
        parts += [
            f'<line class="grid" x1="{left}" x2="{left + width}" y1="{y}" y2="{y}"/>',
            _text(left - 8, y + 4, f"{share:g}", "end"),
        ]
    for number, (name, values) in enumerate(shown, start=1):
        step = width / max(len(values) - 1, 1)
        points = [(left + step * at, top + height * (1 - value)) for at, value in enumerate(values)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="curve c{number}" points="{path}"/>')
        parts += [
            f'<circle class="dot c{number}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points
        ]
        key = top + 20 * number
        parts += [
            f'<line class="curve c{number}" x1="{left + width + 16}" x2="{left + width + 40}"'
            f' y1="{key}" y2="{key}"/>',
            _text(left + width + 46, key + 4, name, "start"),
        ]
        if number == 1:
            parts += [
                _text(x, top + height + 18, str(at), "middle")
                for at, (x, _) in enumerate(points, start=1)
            ]
    parts.append(_text(left + width / 2, top + height + 36, "rank k", "middle"))
    return _svg(left + width + 170, top + height + 44, "Recall at rank k", parts)


def stacked(rows: Sequence[tuple[str, int, int]]) -> str:
    """Per category (name, right, wrong): how many of each, on one scale."""
    most = max(right + wrong for _, right, wrong in rows)
    parts = []
    for row, (name, right, wrong) in enumerate(rows):
        y = 8 + _ROW * row
        split = _BAR * right / most
        parts += [
            _text(_LABEL - 12, y + 14, name, "end"),
            f'<rect class="right" x="{_LABEL}" y="{y}" width="{split:.1f}" height="18"/>',
            f'<rect class="wrong" x="{_LABEL + split:.1f}" y="{y}"'
            f' width="{_BAR * wrong / most:.1f}" height="18"/>',
            _text(
                _LABEL + _BAR * (right + wrong) / most + 8,
                y + 14,
                f"{right} right, {wrong} wrong",
                "start",
            ),
        ]
    width = _LABEL + _BAR + 130
    return _svg(width, _ROW * len(rows) + 14, "Right and wrong by category", parts)


def cumulative(values: Sequence[float]) -> str:
    """Share of the answers that had begun by each time, in milliseconds; there must be one."""
    left, top, width, height = 50, 12, 420, 160
    ordered = sorted(values)
    longest = ordered[-1] or 1.0
    parts = []
    for share in (0.0, 0.5, 0.95):
        y = top + height * (1 - share)
        parts += [
            f'<line class="grid" x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}"/>',
            _text(left - 8, y + 4, f"{share:.0%}", "end"),
        ]
    points = [(float(left), float(top + height))]
    for number, value in enumerate(ordered, start=1):
        x = left + width * value / longest
        points += [
            (x, points[-1][1]),
            (x, top + height * (1 - number / len(ordered))),
        ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline class="curve c1" points="{path}"/>')
    parts += [
        _text(left + width * share, top + height + 18, f"{longest * share:.0f} ms", "middle")
        for share in (0.0, 0.5, 1.0)
    ]
    return _svg(left + width + 60, top + height + 26, "Time to the first token", parts)


def _x(share: float) -> float:
    return _LABEL + _BAR * share


def _scale(bottom: float, top: float) -> str:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _x(share)
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>')
        parts.append(_text(x, bottom + 16, f"{share:g}", "middle"))
    return "".join(parts)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg role="img" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
