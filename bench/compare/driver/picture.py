"""The picture of the table: one bar for each ratio with its interval, on a logarithmic scale."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from measure import Result

WIDTH, PEERS, LABELS, FIGURES = 960, 345, 475, 90
ROW, BAR, TOP, BOTTOM = 24, 12, 64, 34
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.paper { fill: #ffffff } .title { font-size: 15px; font-weight: 600 } .quiet { fill: #57606a }
.bar { fill: #2f6f9f } .missed { fill: #b35900 } .grid { stroke: #d0d7de }
.one { stroke: #57606a } .whisker { stroke: #24292f; stroke-width: 1.5 }
.target { stroke: #1a7f37; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .paper { fill: #0d1117 } .quiet { fill: #9198a1 }
.bar { fill: #5aa5d8 } .missed { fill: #e0863d } .grid { stroke: #3d444d }
.one { stroke: #9198a1 } .whisker { stroke: #e6edf3 }
.target { stroke: #4ac26b } }
"""


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def shown(results: list[Result]) -> list[Result]:
    """Ratios of speed that have a target; bytes have a scale of their own."""
    speeds = [result for result in results if result.ratios and not result.at_most]
    return [result for result in speeds if result.target is not None]


def row(result: Result, y: float, x_of) -> list[str]:
    median, (low, high) = result.median(), result.interval()
    one, end = sorted((x_of(1), x_of(median)))
    middle = y + BAR / 2
    kind = "bar missed" if result.verdict() == "missed" else "bar"
    what = escape(f"{result.question}, {result.graph}")
    who = escape(result.against.split(" (")[0])
    target = x_of(result.target)
    return [
        f'<text x="16" y="{y + 10}">{what}</text>',
        f'<text class="quiet" x="{PEERS}" y="{y + 10}">{who}</text>',
        f'<rect class="{kind}" x="{one:.1f}" y="{y}" width="{max(end - one, 1):.1f}" '
        f'height="{BAR}" rx="2"/>',
        f'<path class="whisker" d="M{x_of(low):.1f} {middle}H{x_of(high):.1f}"/>',
        f'<path class="target" d="M{target:.1f} {y - 3}v{BAR + 6}"/>',
        f'<text x="{WIDTH - 8}" y="{y + 10}" text-anchor="end">{number(median)}×</text>',
    ]


def draw(results: list[Result]) -> str:
    rows = shown(results)
    # Where what is measured is a difference of two times, noise can make it negative.
    values = [value for result in rows for value in (*result.interval(), result.target, 1)]
    values = [value for value in values if value > 0]
    low = math.floor(math.log10(min(values, default=1)))
    high = max(math.ceil(math.log10(max(values, default=10))), low + 1)
    span = WIDTH - LABELS - FIGURES

    def x_of(value: float) -> float:
        return LABELS + (math.log10(max(value, 10**low)) - low) / (high - low) * span

    height = TOP + ROW * len(rows) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>Emanate's speed as a multiple of its peers'</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}" rx="6"/>',
        '<text class="title" x="16" y="24">Emanate\'s speed as a multiple of its peers\'</text>',
        '<text class="quiet" x="16" y="44">same work, same graph, same answers; median of '
        "interleaved pairs, its 95 % interval, and the target (green)</text>",
    ]
    for power in range(low, high + 1):
        x = x_of(10.0**power)
        kind = "one" if power == 0 else "grid"
        parts.append(f'<path class="{kind}" d="M{x:.1f} {TOP - 8}V{height - BOTTOM}"/>')
        label = number(10.0**power)
        middle = 'text-anchor="middle"'
        parts.append(f'<text class="quiet" x="{x:.1f}" y="{height - 14}" {middle}>{label}×</text>')
    for at, result in enumerate(rows):
        parts += row(result, TOP + at * ROW, x_of)
    return "\n".join([*parts, "</svg>", ""])
