"""What the pages list, of addresses, options and dialects, is all that there is: each list is compared with the sources."""

import re

import pytest

from dialects import CASES, NAMES, TOP

PAGES = {str(path.relative_to(TOP)): path.read_text() for path in [
    TOP / "README.md", TOP / "SECURITY.md", TOP / "CHANGELOG.md", *sorted((TOP / "docs").glob("*.md"))]}
ADDRESS = (TOP / "Sources/UploadServer/Dispatch/Address.swift").read_text()
# By the name of its kind, how people write an address.
PLACES = dict(re.findall(r'^        case (\w+) = "(/[^"]*)"$', ADDRESS, re.M))


def kinds(property: str, answer: str) -> set[str]:
    """The kinds for which a property of the dispatcher's, in so many words, answers so."""
    body = ADDRESS.partition(f"var {property}: Bool")[2].partition("\n    }\n")[0]
    return set(re.findall(r"\.(\w+)", re.search(rf"case ([^\n]*): {answer}\n", body)[1]))


# Who asks for these says nothing of who it is.
OPEN = kinds("reachesUploads", "false")
AT_ROOT = set(re.findall(r"self == \.(\w+)", ADDRESS.partition("var isAtRoot: Bool")[2].partition("}")[0]))
# Those of the collection and what is in it go by the path that is told; the others lie beside it.
BELOW = {name for name, place in PLACES.items() if place.split("/")[1] == "files"}
BESIDE = PLACES.keys() - BELOW - AT_ROOT


def paths(text: str) -> set[str]:
    return set(re.findall(r"`(/[^`]*)`", text))


def heads(names: set[str]) -> set[str]:
    """The first segments of addresses."""
    return {"/" + PLACES[name].split("/")[1] for name in names}


def sentence(page: str, pattern: str) -> str:
    found = re.search(pattern, PAGES[page], re.S)
    assert found is not None, f"{page}: {pattern} is not there any more"
    return found[1]


def options() -> list[str]:
    table = PAGES["docs/configuration.md"].split("<!-- options", 1)[1].split("<!-- /options", 1)[0]
    rows = [row for row in table.split("\n") if row.startswith("| `--")]
    assert len(rows) > 60
    return [re.search(r"`(--[a-z0-9-]+)`", row)[1] for row in rows]


def test_the_addresses_are_found_in_the_sources():
    assert {"page", "status", "collection", "resource", "health"} <= PLACES.keys()
    assert {"page", "health"} <= OPEN < PLACES.keys() and AT_ROOT == {"health", "readiness"}
    assert {"page", "status"} <= BESIDE and {"collection", "events"} <= BELOW


def test_the_addresses_that_ask_who_comes_are_listed():
    asked = sentence("docs/access.md", r"every request on (.*?) needs")
    assert paths(asked) == heads(PLACES.keys() - OPEN)


def test_the_addresses_that_ask_nobody_are_listed():
    said = sentence("docs/access.md", r"(The page is open.*?)\.\s")
    assert paths(said) == heads(OPEN - {"page"}) and "`OPTIONS`" in said


def test_where_each_address_is_under_another_path_is_listed():
    table = sentence("docs/proxies.md", r"\n\| is there \| what is elsewhere at \|\n\|---\|---\|\n(.*?)\n\n")
    here, there = set(), set()
    for row in table.split("\n"):
        new, old = [cell for cell in row.strip("|").split(" | ")]
        new, old = paths(new), paths(old)
        assert not old or len(new) == len(old), row
        here |= new
        there |= old or new
    # A name is put where an upload has its address.
    assert there == {place for name, place in PLACES.items() if name != "name"}
    assert here == {
        place if name in AT_ROOT else
        "/media/uploads" + place.removeprefix("/files") if name in BELOW else "/media" + place
        for name, place in PLACES.items() if name != "name"}


def test_names_that_no_path_may_end_with_are_listed():
    said = sentence("docs/proxies.md", r"the last one is not (.*?)\.\s")
    assert {f"/{name}" for name in re.findall(r"`([a-z]+)`", said)} == {PLACES[name] for name in BESIDE - {"page"}}
    declared = (TOP / "Sources/sluice/Options/ServeOptions+Outside.swift").read_text()
    told = declared.partition('"base-path", "path"')[2].partition(") {")[0]
    assert BESIDE - {"page"} and all(f"{PLACES[name]}" in told for name in BESIDE - {"page"}), "the help of --base-path"


@pytest.mark.parametrize("option", options())
def test_the_changes_tell_of_every_option(option):
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", PAGES["CHANGELOG.md"]), f"CHANGELOG.md says nothing of {option}"


def test_what_every_answer_says_is_looked_at():
    told = set()
    for file in ("AnswerHead.swift", "AnswerFields.swift"):
        text = (TOP / "Sources/UploadServer/Connection" / file).read_text()
        told |= set(re.findall(r'(?:set|setUnlessThere|append)\(\(?"([A-Za-z-]+)"', text))
    assert {"X-Request-ID", "Strict-Transport-Security"} <= told
    look = (TOP / "Tests/EndToEnd/test_every_answer.py").read_text().partition("def check(")[2].partition("\n\n\n")[0]
    looked_at = set(re.findall(r'fields(?:\.get\(|\[)"([a-z-]+)"', look)) | set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', look))
    # HTTP/1.1 alone says whether the connection lasts; the length is not there without content. The date is the clock's.
    said = {name.lower() for name in told} - {"connection"} | {"date"}
    assert said == looked_at, "check of test_every_answer.py, AnswerHead and AnswerFields"


# How pages write a dialect where they do not take its name.
SPELLED = {"plain": r"\bplain\b|PUT and POST"}
# Lists from which a dialect is missing for a reason: the page, how the paragraph begins, whom, and why.
FEW = [("SECURITY.md", "- **Nobody is asked who they are**", {"plain"}, "nobody comes back to it: no address to guess")]


def speaks(text: str, name: str) -> bool:
    return re.search(SPELLED.get(name, rf"\b{name}\b"), text, re.I) is not None


def lists() -> list[tuple[str, str]]:
    """Paragraphs, points and rows that speak of several dialects."""
    return [
        (page, text) for page, whole in PAGES.items() for text in re.split(r"\n\s*\n|\n(?=- |\| )", whole)
        if sum(speaks(text, name) for name in NAMES) > 2]


def test_a_list_of_dialects_in_a_page_has_all_of_them():
    found = lists()
    assert {"docs/shell.md", "SECURITY.md", "CHANGELOG.md"} <= {page for page, _ in found}
    seen = set()
    for page, text in found:
        excused = set()
        for entry in FEW:
            if page == entry[0] and text.startswith(entry[1]):
                seen.add(entry[:2])
                excused = entry[2]
        lacking = {name for name in NAMES if not speaks(text, name)}
        assert lacking == excused, f"{page}: “{text[:60]}”: add {lacking - excused}, or give test_lists.FEW a reason"
    assert seen == {entry[:2] for entry in FEW}, "reasons for what is not there any more"


@pytest.mark.parametrize("name", NAMES)
def test_who_makes_the_name_of_an_upload_is_said_of_every_dialect_that_has_one(name):
    case = next(case for case, word in CASES.items() if word == name)
    traits = (TOP / "Sources/Uploads/DialectName.swift").read_text().partition("var isResumable: Bool")[2]
    is_resumable = re.search(rf"case [^\n]*\.{case}\b[^\n]*: true", traits.partition("\n    }\n")[0]) is not None
    said = sentence("SECURITY.md", r"\n(- \*\*Nobody is asked who they are.*?)\n- ")
    assert speaks(said, name) or not is_resumable, f"SECURITY.md: whether an id of {name} can be guessed"
