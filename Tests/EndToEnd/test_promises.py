"""What the README promises has a test: each row and point of its tables and lists is named in ../promises.toml."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
README = (TESTS.parent / "README.md").read_text()
LISTED = tomllib.loads((TESTS / "promises.toml").read_text())
SECTIONS = ["What is promised", "Ways to upload", "Who may", "Telling your application", "Sending files", "Behind a proxy", "Operating it", "On disk",
            "Limits, and what it does not do"]


def section(heading: str) -> str:
    return re.split(r"\n## ", README.split(f"\n## {heading}\n", 1)[1], maxsplit=1)[0]


def points(text: str) -> list[str]:
    """The rows of tables, without their heads, and the points of lists, each on one line."""
    found, point = [], None
    for line in text.split("\n") + [""]:
        if point is not None and line.startswith("  "):
            point += " " + line.strip()
            continue
        if point is not None:
            found.append(point)
            point = None
        if re.fullmatch(r"\|[ :|-]+\|", line):
            found.pop()
        elif line.startswith("|"):
            found.append(line)
        elif re.match(r"- |\d\. ", line):
            point = line
    return found


@cache
def sources() -> dict[str, str]:
    """The texts of the tests, by the names of their files; files of one name together."""
    texts: dict[str, str] = {}
    for path in TESTS.rglob("*"):
        if path.suffix in (".py", ".swift"):
            texts[path.name] = texts.get(path.name, "") + path.read_text()
    return texts


def exists(name: str) -> bool:
    file, _, function = name.partition("::")
    text = sources().get(file, "")
    return f"func `{function}`" in text if file.endswith(".swift") else f"def {function}(" in text


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_row_and_point_of_a_section_is_listed(heading):
    said = [promise["says"] for promise in LISTED["promise"]]
    missing = [point for point in points(section(heading)) if not any(words in flat(point) for words in said)]
    assert missing == []


def test_what_is_listed_still_stands_in_the_readme():
    assert [promise["says"] for promise in LISTED["promise"] if promise["says"] not in flat(README)] == []


def test_every_test_that_is_named_exists():
    named = [name for promise in LISTED["promise"] for name in promise.get("tests", [])] + list(LISTED["codes"].values())
    assert [name for name in named if not exists(name)] == []


def test_every_promise_has_tests_or_a_reason():
    assert [promise for promise in LISTED["promise"] if bool(promise.get("tests")) == bool(promise.get("because"))] == []


def test_every_error_code_is_provoked_by_a_test():
    codes = set()
    for line in section("Errors").split("\n"):
        cells = line.split("|")
        if len(cells) == 5:
            codes |= set(re.findall(r"`([a-z0-9.-]+)`", cells[2]))
    assert len(codes) > 80
    text = "\n".join(text for name, text in sources().items() if name != "test_promises.py")
    unprovoked = {code for code in codes if not re.search(rf"""["'`]{re.escape(code)}["'`]""", text)}
    assert unprovoked - set(LISTED["codes"]) == set()
    assert set(LISTED["codes"]) <= codes


def test_every_option_is_tried_by_a_test():
    options = re.findall(r"`(--[a-z-]+)`", README.split("<!-- options", 1)[1].split("<!-- /options", 1)[0].replace(
        "`--download`, ", ""))
    rows = {option for option in options if f"| `{option}" in README or option == "--no-download"}
    assert len(rows) > 20
    text = "\n".join(text for name, text in sources().items() if name.endswith(".py"))
    assert {option for option in rows if option not in text} == set()
