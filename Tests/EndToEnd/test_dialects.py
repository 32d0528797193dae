"""
What is tried in every dialect is tried in each that the sources name: lists that somebody has written by hand are found
(dialect_lists.py) and compared with them. Where one lacks a dialect for a reason, `dialects.EXCUSED` has it.
"""

import pytest

import dialect_lists
import dialects

LISTS = dialect_lists.all_lists()


def test_the_sources_name_dialects():
    assert {"file-id", "plain", "tus", "ietf"} <= set(dialects.NAMES)
    assert {"file-id", "plain", "tus", "ietf"} <= set(dialects.CLIENT)


def test_a_list_is_found_wherever_it_is(tmp_path):
    path = tmp_path / "test_new.py"
    path.write_text("""
ONE = ["plain", "other"]
WORDS = ("tus creation", "plain")
KINDS = {FileID: 1, uploads.Tus: 2}
MORE = ["tus open", "ietf open", *(f"{name} finished" for name in WHOLE)]


def test_heads():
    for head in (("POST", {"X-File-Size": 3}), ("POST", {"Upload-Complete": "?1"})):
        ask(head)
""")
    assert dialect_lists.of_python(path) == {
        "test_new.py: WORDS": {"tus", "plain"}, "test_new.py: KINDS": {"file-id", "tus"},
        "test_new.py: test_heads": {"file-id", "ietf"}}
    path = tmp_path / "NewTests.swift"
    path.write_text("import TusDialect\n@Test(arguments: [DialectName.plain, .fileID]) func new() {}\n")
    assert dialect_lists.of_swift(path) == {"NewTests.swift": {"plain", "file-id"}}
    path.write_text("import FileIDDialect\nimport TusDialect\n")
    assert dialect_lists.of_swift(path) == {"NewTests.swift": {"tus", "file-id"}}


def test_the_lists_of_the_tests_are_found():
    assert {"dialects.py: WAYS", "dialects.py: WHOLE", "workload.py: WEIGHTS", "kills.py: WHOLE_MOSTLY"} <= set(LISTS)


@pytest.mark.parametrize("place", LISTS)
def test_a_list_of_dialects_has_all_of_them(place):
    excused, _ = dialects.EXCUSED.get(place, (set(), ""))
    lacking = dialect_lists.wanted(place) - LISTS[place] - excused
    assert lacking == set(), f"{place}: add it there, take it from dialects.py, or give dialects.EXCUSED a reason"


def test_a_reason_is_for_what_is_not_there():
    for place, (excused, _) in dialects.EXCUSED.items():
        lacking = dialect_lists.wanted(place) - LISTS.get(place, dialect_lists.wanted(place))
        assert excused, f"{place} excuses nobody"
        assert excused <= set(dialects.NAMES), f"{place} names {excused - set(dialects.NAMES)}"
        assert excused <= lacking, f"{place} has {excused - lacking}, or is not there: take them from dialects.EXCUSED"


def test_a_reason_that_speaks_of_what_dialects_have_is_so():
    for place, (excused, reason) in dialects.EXCUSED.items():
        assert len(reason.split()) > 2, f"{place} has no reason"
        if reason in (dialects.RESUMES, dialects.ADDRESS, dialects.DIGESTS):
            assert excused <= dialects.without(reason), f"{place}: {excused - dialects.without(reason)} has it: {reason}"
        if reason == dialects.NO_FIELD:
            assert not any(map(dialects.has_fields, excused)), f"{place}: {excused} has fields of its own"


def test_no_way_to_begin_an_upload_is_lost():
    # Many tests take them all, and none of them misses one. What comes besides need not be said here.
    assert {
        "plain", "plain post", "file-id", "file-id size", "tus", "tus content", "tus deferred content", "tus part", "ietf",
        "ietf part", "ietf length", "ietf silent"} <= dialects.WAYS.keys()
    assert {way.partition(" ")[0] for way in dialects.WAYS} == set(dialects.NAMES) == dialects.WHOLE.keys()


@pytest.mark.parametrize("name", dialects.NAMES)
def test_what_a_dialect_has_is_what_the_sources_show(name):
    assert dialects.HAS.get(name) == dialects.has_by_sources(name), (
        "put dialects.HAS right: isResumable of DialectName, HEAD of its handler's resource, who reads digests")


def test_every_dialect_says_what_it_has():
    assert dialects.HAS.keys() == set(dialects.NAMES), "add a line to dialects.HAS"
    dialects.NAMES.append("later")
    try:
        assert "later" not in set().union(*map(dialects.without, (dialects.RESUMES, dialects.ADDRESS, dialects.DIGESTS)))
    finally:
        dialects.NAMES.remove("later")
