"""
Line charts as SVG, with nothing but the standard library.

    write(path, "Title", [Panel("RSS", "MiB", [Line("server", [(seconds, value), ...])])], marks=[(seconds, "kill")])

One panel below the other over one axis of time, each with an axis of its own that begins at zero.
"""

import math
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

WIDTH, PANEL_HEIGHT, GAP = 960, 120, 44
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 76, 46
COLOURS = ["#1f6feb", "#d1730f", "#2c974b", "#8250df", "#cf222e"]
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #333 }
  .title { font-size: 17px; font-weight: 600 } .panel { font-weight: 600 } .soft { fill: #777 }
  .grid { stroke: #e4e4e4 } .mark { stroke: #999; stroke-dasharray: 3 3 } .axis { stroke: #888 }
  path { fill: none; stroke-width: 1.6; stroke-linejoin: round }
"""


@dataclass
class Line:
    """One quantity over time: (seconds, value) pairs; a value of None interrupts the line."""

    name: str
    points: list[tuple[float, float | None]]


@dataclass
class Panel:
    """Quantities of one unit."""

    title: str
    unit: str
    lines: list[Line] = field(default_factory=list)


def ticks(largest: float, wanted: int) -> list[float]:
    """Round numbers from zero to the first one that is not below `largest`."""
    if largest <= 0:
        return [0, 1]
    step = 10 ** math.floor(math.log10(largest / wanted))
    step *= next(factor for factor in (1, 2, 5, 10) if largest / (step * factor) <= wanted)
    return [step * index for index in range(math.ceil(largest / step - 1e-9) + 1)]


def write(path: Path, title: str, panels: list[Panel], marks=(), note: str = "") -> None:
    """Draws the panels. `marks` are (seconds, text) pairs: moments at which something happened."""
    path.write_text(draw(title, panels, list(marks), note))


def draw(title: str, panels: list[Panel], marks: list[tuple[float, str]], note: str) -> str:
    seconds = max((point[0] for panel in panels for line in panel.lines for point in line.points), default=1) or 1
    height = TOP + len(panels) * (PANEL_HEIGHT + GAP) - GAP + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<style>{STYLE}</style>", f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="26">{escape(title)}</text>',
        f'<text class="soft" x="{LEFT}" y="44">{escape(note)}</text>']

    def x(second: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * second / seconds

    for index, panel in enumerate(panels):
        parts += draw_panel(panel, TOP + index * (PANEL_HEIGHT + GAP), x, seconds)
    floor = height - BOTTOM
    for second, text in marks:
        parts.append(f'<line class="mark" x1="{x(second):.1f}" x2="{x(second):.1f}" y1="{TOP}" y2="{floor}"/>')
        side, anchor = (3, "start") if second < 0.9 * seconds else (-3, "end")
        parts.append(f'<text class="soft" x="{x(second) + side:.1f}" y="{floor + 32}" text-anchor="{anchor}">'
                     f"{escape(text)}</text>")
    for tick in [tick for tick in ticks(seconds, 10) if tick <= seconds]:
        parts.append(f'<text class="soft" x="{x(tick):.1f}" y="{floor + 16}" text-anchor="middle">{tick:g} s</text>')
    return "\n".join([*parts, "</svg>", ""])


def draw_panel(panel: Panel, top: float, x, seconds: float) -> list[str]:
    values = [value for line in panel.lines for _, value in line.points if value is not None]
    scale = ticks(max(values, default=1), 3)
    bottom = top + PANEL_HEIGHT

    def y(value: float) -> float:
        return bottom - PANEL_HEIGHT * value / scale[-1]

    parts = [f'<text class="panel" x="{LEFT}" y="{top - 6}">{escape(panel.title)}</text>']
    for tick in scale:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{x(seconds):.1f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text class="soft" x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">'
                     f"{tick:,.10g} {escape(panel.unit)}</text>")
    for index, line in enumerate(panel.lines):
        colour = COLOURS[index % len(COLOURS)]
        steps, pen = [], "M"
        for second, value in line.points:
            if value is None:
                pen = "M"
                continue
            steps.append(f"{pen}{x(second):.1f} {y(value):.1f}")
            pen = "L"
        parts.append(f'<path stroke="{colour}" d="{"".join(steps)}"/>')
        if len(panel.lines) > 1:
            left = WIDTH - RIGHT - 110 * (len(panel.lines) - index)
            parts.append(f'<text x="{left}" y="{top - 6}" style="fill:{colour}">{escape(line.name)}</text>')
    return parts
