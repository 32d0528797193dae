"""Results: one JSON file a sitting, written anew after each run, so that an interrupted sitting keeps what it has."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "results"


class Results:
    """The runs of a sitting. A run is a flat dictionary: what was run, and the figures that came out."""

    def __init__(self, path: Path, conditions: dict, runs: list[dict]):
        self.path = path
        self.conditions = conditions
        self.runs = runs

    @classmethod
    def stored(cls, path: Path) -> Results:
        """What a sitting has left, to be read or gone on with."""
        stored = json.loads(path.read_text())
        return cls(path, stored["conditions"], stored["runs"])

    @classmethod
    def new(cls, kind: str, name: str, conditions: dict) -> Results:
        """For a new sitting; of a quick look only the last one is kept."""
        name = f"-{name}" if name else ""
        stem = f"{time.strftime('%Y-%m-%d')}-{kind}{name}"
        path = FOLDER / f"{stem}.json"
        count = 1
        while path.exists() and name != "-quick":
            count += 1
            path = FOLDER / f"{stem}-{count}.json"
        return cls(path, conditions, [])

    def add(self, run: dict) -> None:
        self.runs.append(run)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"conditions": self.conditions, "runs": []}, indent=1, ensure_ascii=False)
        lines = ",\n".join(json.dumps(run, ensure_ascii=False) for run in self.runs)
        temporary = self.path.with_suffix(".part")
        temporary.write_text(text.replace('"runs": []', f'"runs": [\n{lines}\n ]') + "\n")
        os.replace(temporary, self.path)

    def matching(self, **what: object) -> list[dict]:
        return [run for run in self.runs if all(run.get(key) == value for key, value in what.items())]

    def values(self, key: str) -> list:
        """The different values of a key, in the order in which they first came."""
        return list(dict.fromkeys(run[key] for run in self.runs if key in run))


def median(runs: Iterable[dict], figure: str) -> float | None:
    """The median of a figure; None where no run has it."""
    found = [run[figure] for run in runs if run.get(figure) is not None]
    return statistics.median(found) if found else None
