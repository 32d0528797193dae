"""
The dialects, as the server's sources name them, and how an upload begins in each: what is tried in every dialect takes
the ways from here.
"""

import re
import uuid
from pathlib import Path

TOP = Path(__file__).parents[2]
TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
IETF = {"Upload-Draft-Interop-Version": "8"}

# The cases of `DialectName`, and their words.
CASES = {
    case: word or case for case, word in re.findall(
        r'^    case (\w+)(?: = "([a-z0-9-]+)")?$', (TOP / "Sources/Uploads/DialectName.swift").read_text(), re.M)}
NAMES = list(CASES.values())

# The words of the client's own list, and those in which it goes on with what was broken off.
CLIENT = [
    word or case for case, word in re.findall(
        r'^        case (\w+)(?: = "([a-z0-9-]+)")?$',
        (TOP / "Sources/UploadClient/UploadOptions.swift").read_text().partition("enum Dialect:")[2].partition("}")[0],
        re.M)]
CLIENT_RESUMES = [name for name in CLIENT if name != "plain"]


def fresh() -> dict:
    return {"X-File-Id": uuid.uuid4().hex, "X-Start-Byte": "0"}


# Every way to begin an upload of `size` bytes: method, path, fields, and the content that goes with it. The first word of
# a way is its dialect.
WAYS = {
    "plain": lambda size: ("PUT", "/files/a", {}, b"x" * size),
    "plain post": lambda size: ("POST", "/files", {"Content-Type": "application/octet-stream"}, b"x" * size),
    "file-id": lambda size: ("POST", "/upload", fresh(), b"x" * size),
    "file-id size": lambda size: ("POST", "/upload", fresh() | {"X-File-Size": size}, b"x" * size),
    "tus": lambda size: ("POST", "/files", TUS | {"Upload-Length": size}, b""),
    "tus content": lambda size: ("POST", "/files", PATCH | {"Upload-Length": size}, b"x" * size),
    "tus deferred content": lambda size: ("POST", "/files", PATCH | {"Upload-Defer-Length": 1}, b"x" * size),
    "tus part": lambda size: ("POST", "/files", PATCH | {"Upload-Length": size, "Upload-Concat": "partial"}, b"x" * size),
    "ietf": lambda size: ("POST", "/files", IETF | {"Upload-Complete": "?1"}, b"x" * size),
    "ietf part": lambda size: ("POST", "/files", IETF | {"Upload-Complete": "?0"}, b"x" * size),
    "ietf length": lambda size: ("POST", "/files", IETF | {"Upload-Complete": "?0", "Upload-Length": size}, b"x"),
    "ietf silent": lambda size: ("POST", "/files", {"Upload-Complete": "?1"}, b"x" * size),
}
# Of each dialect one that brings the whole file in one request.
WHOLE = {"plain": "plain", "file-id": "file-id size", "tus": "tus content", "ietf": "ietf"}

# What tests choose dialects by. Each has its line: one without it is taken to have everything, and to lack in lists.
RESUMES = "its clients go on with what was cut"
ADDRESS = "an upload's address is told before the file is whole, and asked in its words"
DIGESTS = "it reads Content-Digest"
HAS = {"plain": {DIGESTS}, "file-id": {RESUMES}, "tus": {RESUMES, ADDRESS}, "ietf": {RESUMES, ADDRESS, DIGESTS}}


def has_by_sources(name: str) -> set[str]:
    """What a dialect has as its target and its handler show it; test_dialects.py compares."""
    case = next(case for case, word in CASES.items() if word == name)
    target = next(path for path in (TOP / "Sources").iterdir() if path.name.lower() == f"{case}dialect".lower())
    handlers = [path.read_text() for path in (TOP / "Sources/UploadServer/Handlers").glob("*.swift")]
    handler = next(text for text in handlers if f"static let name = DialectName.{case}\n" in text)
    texts = handler + "".join(path.read_text() for path in target.rglob("*.swift"))
    resumable = (TOP / "Sources/Uploads/DialectName.swift").read_text().partition("var isResumable: Bool")[2]
    methods = handler.partition("static let methods: PlaceMethods =")[2].partition("\n\n")[0]
    return {what for what, is_so in {
        RESUMES: re.search(rf"case [^\n]*\.{case}\b[^\n]*: true", resumable.partition("\n    }\n")[0]),
        ADDRESS: re.search(r"\.resource: \[[^\]]*\.head", methods),
        DIGESTS: re.search(r"\b(PromisedDigest|WholeDigests)\b", texts),
    }.items() if is_so}


def has_fields(name: str) -> bool:
    """Whether requests are known by fields that only they have."""
    case = next(case for case, word in CASES.items() if word == name)
    folder = next(path for path in (TOP / "Sources").iterdir() if path.name.lower() == f"{case}dialect".lower())
    return not any(re.search(r"marks: \[\]", path.read_text()) for path in folder.rglob("*.swift"))


def without(what: str) -> set[str]:
    return {name for name in NAMES if name in HAS and what not in HAS[name]}


# Where a list of dialects lacks some for a reason: those without something, or by their names. One that comes later is
# in none of them before it has said what it has.
NO_FIELD = "it is there, and has no field of its own"
EXCUSED = {
    "RequestProperties.swift": ({"tus", "ietf"}, "those of the others are checked with what is decided of them"),
    "ResumptionTests.swift": (without(RESUMES), RESUMES),
    "RoundTripTests.swift": ({"file-id", "plain"}, "streams, which the client sends in these alone"),
    "listeners.py: _known": (without(ADDRESS), ADDRESS),
    "test_access.py: test_strangers_never_stop_an_upload": (without(ADDRESS), ADDRESS),
    "test_access.py: test_who_may_only_fetch_stops_no_upload": (without(ADDRESS), ADDRESS),
    "test_append_endings.py: test_an_upload_of_which_its_client_was_never_told_is_gone":
        (without(ADDRESS), ADDRESS),
    "test_append_endings.py: test_bytes_that_differ_from_their_digest_are_gone_beside_a_checkpoint":
        (without(DIGESTS), DIGESTS),
    "test_deleting.py: test_an_owner_removes_an_upload_of_any_kind_in_any_protocols_words":
        ({"file-id"}, ADDRESS),
    "test_errors.py: test_a_head_is_refused_with_its_word": ({"plain", "ietf"}, "heads that are wrong in ways of their own"),
    "test_http_rules.py: test_a_deletion_is_made_only_on_its_conditions": (without(ADDRESS), ADDRESS),
    "test_httplint.py: KINDS": ({"plain"}, NO_FIELD),
    "test_httplint.py: addresses": (without(ADDRESS), ADDRESS),
    "test_model.py: test_random_sequences_agree_with_the_model": (without(RESUMES), RESUMES),
    "test_owner_limits.py: test_what_goes_on_is_bounded_too": (without(RESUMES), RESUMES),
    "test_put_origins.py: test_a_query_goes_along_with_each_request_to_the_collection":
        ({"file-id"}, "it has no collection"),
    "test_put_stream.py: DIALECTS": ({"file-id", "plain"}, "streams, which the client sends in these alone"),
    "test_put_stream.py: test_who_stops_it_is_told_to_run_it_again_only_where_that_goes_on":
        ({"tus"}, "it is spoken where nobody says what"),
    "test_questions.py: PUTS": ({"file-id", "plain"}, "they have one way, of the client's own list"),
    "test_questions.py: test_put_takes_a_refused_finish_for_final_and_another_run_asks_again":
        ({"file-id", "ietf"}, "they make one upload, however often it is asked for"),
    "test_questions.py: test_put_takes_a_refused_finish_of_standard_input_for_final":
        ({"file-id", "plain"}, "streams, which the client sends in these alone"),
    "test_questions.py: test_a_kill_while_a_finish_is_asked_neither_loses_nor_invents":
        (without(RESUMES) | {"ietf"}, "whose client need not be told the address by then"),
    "test_questions.py: test_a_newer_request_wins_at_once_while_a_finish_is_asked": (without(RESUMES), RESUMES),
    "test_races.py: test_whoever_was_told_of_success_has_it_whatever_came_at_the_same_moment":
        (without(RESUMES), RESUMES),
    "test_refused_bodies.py: test_of_what_would_be_new": ({"file-id", "plain"}, "who refuses bytes for what they are"),
    "test_stored_as_meant.py: test_a_field_of_another_protocol_makes_no_whole_file":
        ({"plain", "tus"}, "what can only be tus asks for its version"),
    "test_switched_off.py: test_a_digest_that_is_switched_off_is_as_one_that_nobody_knows":
        (without(DIGESTS), DIGESTS),
}
