"""A bar chart as SVG: CPU seconds per GiB of each server, a panel for each place and wire."""

from __future__ import annotations

from html import escape

from lib.results import Results, median
from lib.servers import in_order

FIGURE = "server_cpu_seconds_per_gib"
PANEL_WIDTH, LABEL_WIDTH, BAR_HEIGHT, GAP, TITLE_HEIGHT = 400, 110, 16, 5, 34
COLOURS = [("sluice", "#d9480f"), ("floor", "#868e96"), ("", "#4c6ef5")]
STYLE = "text{font:12px system-ui,sans-serif;fill:#212529}.title{font-weight:600}.spread{stroke:#212529}"


def cpu_per_gib(results: Results, row: str) -> str:
    """The panels stand in two columns, plain and TLS; bars show medians, lines the least and the most. One scale."""
    cells = results.matching(row=row)
    panels = [(place, wire) for place in results.values("place") for wire in results.values("wire")
              if results.matching(row=row, place=place, wire=wire)]
    servers = in_order(cell["server"] for cell in cells)
    scale = (PANEL_WIDTH - LABEL_WIDTH - 60) / max(cell[FIGURE] for cell in cells)
    height = TITLE_HEIGHT + len(servers) * (BAR_HEIGHT + GAP) + 10
    parts = []
    for index, (place, wire) in enumerate(panels):
        parts.append(f'<g transform="translate({index % 2 * PANEL_WIDTH},{index // 2 * height})">')
        parts.append(f'<text class="title" x="8" y="20">{escape(f"{row}, {wire}, {place}: CPU s/GiB")}</text>')
        present = [server for server in servers if results.matching(row=row, place=place, wire=wire, server=server)]
        for line, server in enumerate(present):
            runs = results.matching(row=row, place=place, wire=wire, server=server)
            parts += _bar(server, runs, TITLE_HEIGHT + line * (BAR_HEIGHT + GAP), scale)
        parts.append("</g>")
    width, height = 2 * PANEL_WIDTH, (len(panels) + 1) // 2 * height
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">',
                      f"<style>{STYLE}</style>", f'<rect width="{width}" height="{height}" fill="#fff"/>',
                      *parts, "</svg>", ""])


def _bar(server: str, runs: list[dict], y: int, scale: float) -> list[str]:
    value = median(runs, FIGURE)
    least, most = (LABEL_WIDTH + scale * bound(run[FIGURE] for run in runs) for bound in (min, max))
    colour = next(colour for prefix, colour in COLOURS if server.startswith(prefix))
    middle = y + BAR_HEIGHT / 2
    return [
        f'<text x="{LABEL_WIDTH - 6}" y="{middle + 4}" text-anchor="end">{escape(server)}</text>',
        f'<rect x="{LABEL_WIDTH}" y="{y}" width="{scale * value:.1f}" height="{BAR_HEIGHT}" fill="{colour}"/>',
        f'<line class="spread" x1="{least:.1f}" y1="{middle}" x2="{most:.1f}" y2="{middle}"/>',
        f'<text x="{max(most, LABEL_WIDTH + scale * value) + 5:.1f}" y="{middle + 4}">{value:.2f}</text>',
    ]
