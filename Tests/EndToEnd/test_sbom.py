"""The list of what is linked (`make sbom`): as SPDX 2.3 wants it, and what the loader and the build really take."""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

TOP = Path(__file__).parents[2]
PROGRAM = Path(os.path.abspath(os.environ.get("SLUICE_BINARY", TOP / ".build/release/sluice")))
SCRIPT = TOP / "scripts/sbom"


def said(*command, **more) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads(said(SCRIPT, PROGRAM, env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}))


def faults(document: dict) -> list[str]:
    """What SPDX 2.3 does not allow, of what it says in its sections 6, 7 and 11."""
    found = []

    def expect(holds, what):
        if not holds:
            found.append(what)

    expect(document.get("spdxVersion") == "SPDX-2.3", "version")
    expect(document.get("dataLicense") == "CC0-1.0", "licence of the data")
    expect(document.get("SPDXID") == "SPDXRef-DOCUMENT", "identifier of the document")
    expect(document.get("name"), "name")
    expect(re.fullmatch(r"https?://[^#\s]+", document.get("documentNamespace", "")), "namespace")
    info = document.get("creationInfo", {})
    expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", info.get("created", "")), "created")
    creators = info.get("creators", [])
    expect(creators and all(re.match(r"(Tool|Person|Organization): .", one) for one in creators), "creators")
    ids = [package.get("SPDXID", "") for package in document.get("packages", [])]
    expect(ids and len(set(ids)) == len(ids), "identifiers are given once")
    expect(all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in ids), "letters of identifiers")
    for package in document.get("packages", []):
        name = package.get("name")
        expect(name and package.get("versionInfo"), f"{name}: name and version")
        place = package.get("downloadLocation", "")
        expect(place in ("NOASSERTION", "NONE") or re.match(r"(git\+)?https://[^\s]+$", place), f"{name}: place")
        # Without files of its own it has no verification code.
        expect(package.get("filesAnalyzed") is False and "packageVerificationCode" not in package, f"{name}: files")
        for checksum in package.get("checksums", []):
            expect(checksum["algorithm"] == "SHA256" and re.fullmatch(r"[0-9a-f]{64}", checksum["checksumValue"]),
                   f"{name}: checksum")
        for reference in package.get("externalRefs", []):
            expect(reference["referenceCategory"] == "PACKAGE-MANAGER" and reference["referenceType"] == "purl"
                   and re.fullmatch(r"pkg:[a-z]+/[^\s@]+@[^\s@?]+(\?\S+)?", reference["referenceLocator"]),
                   f"{name}: package URL")
        for licence in ("licenseConcluded", "licenseDeclared"):
            expect(re.fullmatch(r"NOASSERTION|NONE|[A-Za-z0-9.-]+( WITH [A-Za-z0-9.-]+)?", package.get(licence, "")),
                   f"{name}: {licence}")
    known = {*ids, "SPDXRef-DOCUMENT"}
    related = document.get("relationships", [])
    for one in related:
        expect({one["spdxElementId"], one["relatedSpdxElement"]} <= known, f"a relationship to nothing: {one}")
        expect(one["relationshipType"] in {"DESCRIBES", "STATIC_LINK", "DYNAMIC_LINK", "DEPENDS_ON"}, f"a type: {one}")
    described = [one for one in related if one["relationshipType"] == "DESCRIBES"]
    expect(len(described) == 1 and described[0]["spdxElementId"] == "SPDXRef-DOCUMENT", "one thing is described")
    expect(set(ids) <= {one["relatedSpdxElement"] for one in related}, "every package is related to the program")
    return found


def by_name(document) -> dict[str, dict]:
    return {package["name"]: package for package in document["packages"]}


def test_it_is_as_the_standard_wants_it(document):
    assert faults(document) == []


@pytest.mark.parametrize("spoil", [
    lambda d: d.update(spdxVersion="2.3"), lambda d: d.update(documentNamespace="https://a/#b"),
    lambda d: d["creationInfo"].update(created="2026-11-28"), lambda d: d["creationInfo"].update(creators=["me"]),
    lambda d: d["packages"].append(d["packages"][0]), lambda d: d["packages"][1].update(SPDXID="SPDXRef-a_b"),
    lambda d: d["packages"][2].pop("versionInfo"), lambda d: d["packages"][2].update(downloadLocation=""),
    lambda d: d["packages"][2].update(filesAnalyzed=True), lambda d: d["relationships"].pop(),
    lambda d: d["packages"][0]["checksums"][0].update(checksumValue="00"),
    lambda d: d["packages"][1]["externalRefs"][0].update(referenceLocator="swift/a"),
    lambda d: d["relationships"][1].update(relatedSpdxElement="SPDXRef-nobody"),
])
def test_a_document_that_breaks_a_rule_is_told_from_it(document, spoil):
    spoilt = json.loads(json.dumps(document))
    spoil(spoilt)
    assert faults(spoilt)


def test_it_is_about_this_program(document):
    own = by_name(document)["sluice"]
    assert own["versionInfo"] == said(PROGRAM, "--version").strip()
    assert own["checksums"][0]["checksumValue"] == hashlib.sha256(PROGRAM.read_bytes()).hexdigest()
    assert document["creationInfo"]["created"] == "2023-11-14T22:13:20Z"


def test_every_swift_package_is_there_as_it_was_resolved(document):
    pins = {pin["identity"]: pin for pin in json.loads((TOP / "Package.resolved").read_text())["pins"]}
    packages = {name: one for name, one in by_name(document).items() if one["SPDXID"].startswith("SPDXRef-Swift-")}
    # All that is resolved is linked today; what no longer is would be missing here, and nothing else.
    assert set(packages) == {*pins, "swift-runtime"}
    for name, pin in pins.items():
        assert packages[name]["versionInfo"] == pin["state"]["version"]
        assert packages[name]["downloadLocation"].endswith(f"@{pin['state']['revision']}")


def test_licences_are_those_in_the_packages(document):
    words = {"MIT": "Permission is hereby granted", "Apache-2.0": "Apache License"}
    for folder in (TOP / ".build/checkouts").iterdir():
        declared = by_name(document)[folder.name.lower()]["licenseDeclared"]
        [text] = [path.read_text() for path in folder.iterdir() if path.name.startswith("LICENSE")]
        assert words[declared] in text, folder.name


def test_every_library_that_the_loader_takes_has_its_package_and_version(document):
    installed = {}
    for soname in re.findall(r"^\s+(\S+) => ", said("ldd", PROGRAM), re.M):
        for name in ("libssl3", "libsqlite3-0", "libnghttp2-14", "zlib1g", "libc6", "libstdc++6"):
            if soname in said("dpkg-query", "--listfiles", name):
                installed[name] = said("dpkg-query", "--show", "--showformat", "${Version}", name)
    assert len(installed) == 6
    for name, version in installed.items():
        package = by_name(document)[name]
        assert package["versionInfo"] == version
        assert unquote(package["externalRefs"][0]["referenceLocator"]).startswith(f"pkg:deb/debian/{name}@{version}?")


def test_a_program_of_which_nothing_is_known_is_refused(tmp_path):
    (tmp_path / "sluice").write_bytes(PROGRAM.read_bytes())
    (tmp_path / "sluice").chmod(0o755)
    outcome = subprocess.run([SCRIPT, tmp_path / "sluice"], capture_output=True, text=True)
    assert outcome.returncode != 0 and "nothing that it was built of" in outcome.stderr and outcome.stdout == ""
