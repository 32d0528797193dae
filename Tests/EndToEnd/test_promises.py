"""What README and docs promise has a test: each row and point of their tables and lists is named in ../promises.toml."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import dialects
import options as cases
import pytest

TESTS = Path(__file__).parents[1]
README = (TESTS.parent / "README.md").read_text()
PAGES = {path.name: path.read_text() for path in sorted((TESTS.parent / "docs").glob("*.md"))}
LISTED = tomllib.loads((TESTS / "promises.toml").read_text())
SECTIONS = ["What is promised", "Ways to upload"]
# Pages whose tables have other tests: every option and every code, and what another server's are called here.
TABLES = {"configuration.md", "errors.md", "from-tusd.md"}
# As the sources write them.
ADDRESSES = re.findall(
    r'^        case \w+ = "(/[^"]*)"$', (TESTS.parent / "Sources/UploadServer/Dispatch/Address.swift").read_text(), re.M)


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


def skips(text: str) -> bool:
    """Whether Python code may leave a test out."""
    return re.search(r"pytest\.(skip|xfail|importorskip|mark\.(skip|skipif|xfail))\b", text) is not None


@cache
def skippable(name: str) -> frozenset[str]:
    """The tests of a file in Python that may be left out: by themselves, by what is said of them or of the whole file, or
    by a fixture that they ask for."""
    found: set[str] = set()
    for path in TESTS.rglob(name):
        text = path.read_text()
        tree = ast.parse(text)
        marks = {
            ast.unparse(node.targets[0]) for node in tree.body
            if isinstance(node, ast.Assign) and skips(ast.unparse(node.value))}
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        shared = path.parent / "conftest.py"
        fixtures = functions + [
            node for node in ast.walk(ast.parse(shared.read_text() if shared.exists() else ""))
            if isinstance(node, ast.FunctionDef)]
        skipping = {node.name for node in fixtures if skips(ast.unparse(node))}
        for _ in range(4):
            skipping |= {node.name for node in fixtures if skipping & {argument.arg for argument in node.args.args}}
        for node in functions:
            decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
            named = {word for text in decorators for word in re.findall(r"\w+", text)}
            if "pytestmark" in marks or node.name in skipping or marks & named or skipping & set(re.findall(
                    r"usefixtures\('(\w+)'", " ".join(decorators))):
                found.add(node.name)
    return frozenset(found)


def may_be_skipped(test: str) -> bool:
    file, _, function = test.partition("::")
    if file.endswith(".py"):
        return function in skippable(file)
    text = sources().get(file, "")
    before = text.partition(f"func `{function}`")[0]
    attributes = before[max(before.rfind("\n    }\n"), before.rfind("{\n"), 0):]
    suite = re.search(r"@Suite\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", text)
    return re.search(r"\.(enabled|disabled)\(", attributes + (suite[0] if suite else "")) is not None


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def unlisted(text: str) -> list[str]:
    said = [promise["says"] for promise in LISTED["promise"]]
    return [point for point in points(text) if not any(words in flat(point) for words in said)]


def is_tried_as_all_are(row: str) -> bool:
    """Whether it is the row of a dialect: test_dialects.py sees to it that what is tried in every one is tried in it; or
    of an address: test_access_matrix.py sees to it that all it takes is tried, with every credential."""
    name, address = re.match(r"\| \[([^\]]+)\]", row), re.match(r"\| `(/[^`]*)`.* \| [A-Z, ]+ \|", row)
    return name is not None and name[1].lower() in dialects.NAMES or address is not None and address[1] in ADDRESSES


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_row_and_point_of_a_section_is_listed(heading):
    assert [row for row in unlisted(section(heading)) if not is_tried_as_all_are(row)] == []


@pytest.mark.parametrize("page", sorted(PAGES.keys() - TABLES))
def test_every_row_and_point_of_a_page_is_listed(page):
    assert [row for row in unlisted(PAGES[page]) if not is_tried_as_all_are(row)] == []


def test_what_is_listed_still_stands_there():
    text = flat("\n".join([README, *PAGES.values()]))
    assert [promise["says"] for promise in LISTED["promise"] if promise["says"] not in text] == []


def test_every_test_that_is_named_exists():
    named = [name for promise in LISTED["promise"] for name in promise.get("tests", [])] + list(LISTED["codes"].values())
    assert [name for name in named if not exists(name)] == []


def test_every_promise_has_tests_or_a_reason():
    assert [promise for promise in LISTED["promise"] if bool(promise.get("tests")) == bool(promise.get("because"))] == []


def test_every_promise_has_a_test_that_runs_everywhere_or_says_where():
    lonely = [
        promise["says"] for promise in LISTED["promise"]
        if promise.get("tests") and all(map(may_be_skipped, promise["tests"])) and not promise.get("where")]
    assert lonely == [], "these tests may be skipped, and nobody would miss them: say `where` they run"
    for promise in LISTED["promise"]:
        if "where" in promise:
            assert all(map(may_be_skipped, promise["tests"])), f"`where` is needed no more: {promise['says']}"


@pytest.mark.parametrize("code, test", LISTED["codes"].items(), ids=LISTED["codes"])
def test_the_test_of_a_code_runs_everywhere(code, test):
    assert not may_be_skipped(test), f"{code}: {test} may be skipped"


def test_a_test_that_may_be_skipped_is_found():
    # By a mark of the file's, by one of its own, by a fixture, by a word in it; a suite of Swift, and a test.
    assert may_be_skipped("test_sandbox.py::test_the_units_are_well_formed")
    assert may_be_skipped("test_helm.py::test_helm_finds_no_fault")
    assert may_be_skipped("test_proxies.py::test_a_large_file_passes")
    assert may_be_skipped("test_power.py::test_no_cut_takes_back_what_was_told")
    assert may_be_skipped("JournalTests.swift::files that a loss of power damaged are written again")
    assert may_be_skipped("TroubleTests.swift::a file that cannot be removed costs its upload only, and goes when it can")
    assert not may_be_skipped("StopTests.swift::a server with nothing to do stops at once")
    assert not may_be_skipped("test_crash.py::test_an_answered_upload_is_there_after_a_kill")


def tables() -> dict[str, int]:
    """How many rows each table has, by its page and the heading above it; those of one heading together."""
    found: dict[str, int] = {}
    for page in ("README.md", "CONTRIBUTING.md", "Sources/README.md"):
        for part in re.split(r"\n(?=#+ )", "\n" + (TESTS.parent / page).read_text()):
            lines = [line for line in part.split("\n") if line.startswith("|")]
            # Without the head of each, and the line below that.
            if count := len(lines) - 2 * sum(re.fullmatch(r"\|(-+\|)+", line) is not None for line in lines):
                found[f"{page}: {part.strip().partition(chr(10))[0].lstrip('# ')}"] = count
    return found


def test_no_row_of_a_table_is_lost():
    assert tables() == LISTED["rows"], "a row that has come, or gone on purpose, is counted in [rows] of promises.toml"


def test_every_error_code_is_provoked_by_a_test():
    codes = set()
    for line in PAGES["errors.md"].split("\n"):
        cells = line.split("|")
        if len(cells) == 5:
            codes |= set(re.findall(r"`([a-z0-9.-]+)`", cells[2]))
    assert len(codes) > 80
    text = "\n".join(text for name, text in sources().items() if name != "test_promises.py")
    unprovoked = {code for code in codes if not re.search(rf"""["'`]{re.escape(code)}["'`]""", text)}
    assert unprovoked - set(LISTED["codes"]) == set()
    assert set(LISTED["codes"]) <= codes


def is_said(option: str, text: str) -> bool:
    """Whether a text has an option, and not only another one that begins, or ends, like it."""
    return re.search(rf"(?<![\w-]){option}(?![\w-])", text) is not None


def test_every_option_is_tried_by_a_test():
    table = PAGES["configuration.md"].split("<!-- options", 1)[1].split("<!-- /options", 1)[0]
    rows = [row for row in table.split("\n") if row.startswith("| `--")]
    # Of a flag that is on by itself, and has two words, the one that switches it off.
    options = [re.findall(r"`(--[a-z0-9-]+)`", row.split("|")[1])[-1] for row in rows]
    assert len(options) == len(rows) > 60 and "--http2" in options
    text = "\n".join(text for name, text in sources().items() if name.endswith(".py") and name != "test_promises.py")
    # By a test that says it, or by its case, where that shows which of two values is in force (test_live_options.py).
    tried = {f"--{name}" for name, case in (cases.LIVE | cases.WAITING).items() if case.see is not None}
    assert len(tried) > 30
    assert [option for option in options if not is_said(option, text) and option.replace("--no-", "--") not in tried] == []


def test_an_option_that_only_begins_like_another_is_not_tried_by_it():
    assert is_said("--owner-rate", 'start("--owner-rate", "1")') and is_said("--http2", "--http2 off")
    assert not is_said("--max-rate", "--max-rates") and not is_said("--events", "--events-max 5")
    assert not is_said("--rate", "--owner--rate")
