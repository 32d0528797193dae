"""Results as Markdown tables."""

from __future__ import annotations

from lib.results import Results, median
from lib.servers import in_order
from lib.subjects import SUBJECTS

DASH = "–"


def number(value: float | None, decimals: int = 2) -> str:
    return DASH if value is None else f"{value:,.{decimals}f}"


def table(columns: list[tuple[str, str]], rows: list[list[str]]) -> str:
    """Columns are (heading, alignment), `l` or `r`."""
    lines = ["| " + " | ".join(heading for heading, _ in columns) + " |",
             "|" + "|".join("--:" if side == "r" else "---" for _, side in columns) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def comparison(results: Results) -> str:
    """CPU time for each row and place, plain and TLS side by side, one line a server."""
    parts = []
    for row in results.values("row"):
        for place in results.values("place"):
            cells = results.matching(row=row, place=place)
            if cells:
                parts += [f"**{row}, {place}**", _servers(results, row, place, small=cells[0]["size_bytes"] <= 1 << 20)]
    return "\n\n".join(parts)


def _servers(results: Results, row: str, place: str, small: bool) -> str:
    figures = ([("server_cpu_us_per_request", "CPU µs", 0), ("requests_per_second", "uploads/s", 0),
                ("latency_ms_p99", "p99 ms", 1)] if small else
               [("server_cpu_seconds_per_gib", "CPU s/GiB", 2), ("mib_per_second", "MiB/s", 0)])
    columns = [("server", "l")]
    wires = [wire for wire in results.values("wire") if results.matching(row=row, place=place, wire=wire)]
    for wire in wires:
        columns += [(f"{heading}, {wire}", "r") for _, heading, _ in figures]
    columns.append(("RSS MiB", "r"))
    lines = []
    for server in in_order(results.values("server")):
        runs = results.matching(row=row, place=place, server=server)
        if not runs:
            continue
        line = [server]
        for wire in wires:
            of_wire = [run for run in runs if run["wire"] == wire]
            line += [number(median(of_wire, figure), decimals) for figure, _, decimals in figures]
        peak = median(runs, "server_rss_peak_bytes")
        lines.append([*line, number(peak / (1 << 20) if peak else None, 0)])
    return table(columns, lines)


def subjects(results: Results) -> str:
    """One table a subject."""
    parts = []
    for name in results.values("subject"):
        subject = SUBJECTS[name]
        lines = []
        for row in results.values("row"):
            for server in results.values("server"):
                runs = results.matching(subject=name, row=row, server=server)
                # A subject may have several lines of one name, told apart by its first column.
                for value in dict.fromkeys(run.get(subject.COLUMNS[0][0]) for run in runs):
                    same = [run for run in runs if run.get(subject.COLUMNS[0][0]) == value]
                    lines.append([row, server, *(_cell(same, *column) for column in subject.COLUMNS)])
        columns = [("row", "l"), ("server", "l"), *((heading, "r") for _, heading, _ in subject.COLUMNS)]
        parts += [f"**{subject.__doc__.splitlines()[0]}**", table(columns, lines)]
    return "\n\n".join(parts)


def _cell(runs: list[dict], figure: str, _heading: str, decimals: int) -> str:
    value = median(runs, figure)
    if decimals >= 0 or value is None:
        return number(value, max(0, decimals))
    return number(value / (1 << -decimals), 1)
