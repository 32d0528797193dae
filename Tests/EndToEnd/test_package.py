"""The Debian package, made of the program under test as `make deb` makes it."""

import gzip
import os
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PROGRAM = Path(os.path.abspath(os.environ.get("SLUICE_BINARY", TOP / ".build/release/sluice")))


def said(*command) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    # Pressed as little as can be: it is not sent anywhere.
    said("env", "DEB_COMPRESSION=-Zgzip -z1", TOP / "scripts" / "deb", PROGRAM, folder)
    [path] = folder.glob("sluice_*.deb")
    return path


@pytest.fixture(scope="module")
def root(package) -> Path:
    root = package.parent / "root"
    said("dpkg-deb", "--extract", package, root)
    return root


def test_nobody_who_judges_packages_finds_fault_with_it(package):
    found = subprocess.run(["lintian", "--allow-root", package], capture_output=True, text=True)
    assert found.returncode == 0 and found.stdout == ""


def test_it_holds_the_program_and_names_the_libraries_that_it_needs(package, root):
    version = said(PROGRAM, "--version").strip()
    assert said(root / "usr/bin/sluice", "--version").strip() == version
    assert said("dpkg-deb", "--field", package, "Version").strip() == version
    needed = said("dpkg-deb", "--field", package, "Depends")
    for library in ("libc6", "libnghttp2-14", "libsqlite3-0", "libssl3", "libstdc++6", "zlib1g"):
        assert re.search(rf"(^|, ){re.escape(library)} ", needed), library


def test_its_units_start_the_program_where_it_is(root):
    units = sorted(path.name for path in (root / "usr/lib/systemd/system").iterdir())
    assert units == ["sluice-http.socket", "sluice.service", "sluice.socket"]
    service = (root / "usr/lib/systemd/system/sluice.service").read_text()
    assert "ExecStart=/usr/bin/sluice serve" in service and "ExecPaths=/usr/bin/sluice " in service
    assert "/usr/local" not in service


def test_its_configuration_is_yours_and_a_server_takes_it(package, root):
    assert said("dpkg-deb", "--info", package, "conffiles").split() == ["/etc/sluice/sluice.yaml"]
    said(root / "usr/bin/sluice", "check-config", "--config", root / "etc/sluice/sluice.yaml")


def test_each_command_has_a_page_of_the_manual(root):
    commands = re.findall(r"^  ([a-z-]+) {2,}", said(PROGRAM, "--help").split("SUBCOMMANDS:")[1], re.MULTILINE)
    assert len(commands) >= 6
    for name in ["sluice", *(f"sluice-{command}" for command in commands)]:
        page = gzip.decompress((root / f"usr/share/man/man1/{name}.1.gz").read_bytes()).decode()
        assert re.search(rf"^{re.escape(name)} \\- ", page, re.MULTILINE), name
