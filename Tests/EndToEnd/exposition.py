"""A strict reader of Prometheus's text format, version 0.0.4. What it does not know is an error."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
TYPES = {"counter", "gauge", "histogram"}
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Exposition:
    def __init__(self, text: str):
        self.types: dict[str, str] = {}
        self.helps: dict[str, str] = {}
        self.samples: Samples = {}
        self._family = None
        assert text.endswith("\n")
        for line in text[:-1].split("\n"):
            self._read(line)
        for family, kind in self.types.items():
            assert family in self.helps, f"{family} is not explained"
            if kind == "counter":
                assert family.endswith("_total"), f"{family} is a counter by another name"
            if kind == "histogram":
                self._check_histogram(family)

    def __getitem__(self, key) -> float:
        """A sample by its name, or by name and labels: page["a_total", {"method": "GET"}]."""
        name, labels = key if isinstance(key, tuple) else (key, {})
        return self.samples[name, tuple(sorted(labels.items()))]

    def sum(self, name: str) -> float:
        return sum(value for (found, _), value in self.samples.items() if found == name)

    def _read(self, line: str) -> None:
        if line.startswith("# HELP "):
            _, _, name, text = line.split(" ", 3)
            assert name not in self.helps and re.fullmatch(NAME, name) and "\\" not in text, line
            self.helps[name] = text
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in self.types and kind in TYPES, line
            self.types[name] = kind
            self._family = name
        else:
            match = SAMPLE.fullmatch(line)
            assert match, f"no sample: {line!r}"
            name, labels, value = match[1], match[2] or "", float(match[match.lastindex])
            suffixes = ("_bucket", "_sum", "_count") if self.types[self._family] == "histogram" else ("",)
            assert name in [self._family + suffix for suffix in suffixes], f"{line} stands in {self._family}"
            pairs = tuple(sorted(re.findall(LABEL, labels)))
            assert len({label for label, _ in pairs}) == len(pairs), line
            assert (name, pairs) not in self.samples, f"twice: {line}"
            assert value >= 0, line
            self.samples[name, pairs] = value

    def _check_histogram(self, family: str) -> None:
        buckets = [(float(dict(labels)["le"]), value) for (name, labels), value in self.samples.items()
                   if name == family + "_bucket"]
        assert buckets == sorted(buckets) and buckets[-1][0] == float("inf")
        assert [value for _, value in buckets] == sorted(value for _, value in buckets)
        assert self.samples[family + "_count", ()] == buckets[-1][1]
        assert (family + "_sum", ()) in self.samples
