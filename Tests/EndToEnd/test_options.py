"""Options are taken and work, or refused at the start with the reason, or warned of where a start can go on."""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from file_id import append, status
from waiting import eventually
from wire import ask

SECONDS = 30


class Started:
    """A server with just these options; what it announces and what it logs."""

    def __init__(self, tmp_path, *options, wrapper=(), limit=None):
        binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
        self.process = subprocess.Popen(
            [*wrapper, binary, "serve", "--data", tmp_path / "data", "--log-format", "json", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit, env=own_environment())
        alarm = threading.Timer(SECONDS, self.process.kill)
        alarm.start()
        try:
            self.first = self.process.stdout.readline().strip()
        finally:
            alarm.cancel()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def stop(self):
        """The rest of the announcement, and the texts of the warnings."""
        self.process.send_signal(signal.SIGTERM)
        rest, log = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0, log
        lines = [json.loads(line) for line in log.splitlines()]
        return [self.first, *rest.splitlines()], [line["message"] for line in lines if line["level"] == "warning"]


def own_environment() -> dict:
    """Without the variables that the tests go by: those that are no options are warned of."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}


def refused(tmp_path, *options) -> str:
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    done = subprocess.run(
        [binary, "serve", "--data", tmp_path / "data", *options], capture_output=True, text=True, timeout=SECONDS)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert not (tmp_path / "data").exists()
    return done.stderr.splitlines()[0]


def port(url: str) -> int:
    return int(url.rstrip("/").rpartition(":")[2])


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def greets(host: str, number: int) -> bool:
    try:
        with socket.create_connection((host, number), SECONDS) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            return line.makefile("rb").read().endswith(b"ok\n")
    except ConnectionRefusedError:
        return False


# ---- addresses ------------------------------------------------------------------------------------------------------

def test_every_listen_option_is_served_and_announced(tmp_path):
    options = ["--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0", "--listen-tls", "127.0.0.1:0", "--listen-tls",
               "127.0.0.3:0", "--listen-admin", "127.0.0.1:0", "--listen-admin", "127.0.0.4:0"]
    with Started(tmp_path, *options) as server:
        seen = [server.first] + [server.process.stdout.readline().strip() for _ in range(5)]
        hosts = [line.removeprefix("admin: ").rpartition(":")[0] for line in seen]
        assert hosts == ["http://127.0.0.1", "http://127.0.0.2", "https://127.0.0.1", "https://127.0.0.3",
                         "http://127.0.0.1", "http://127.0.0.4"]
        assert greets("127.0.0.1", port(seen[0])) and greets("127.0.0.2", port(seen[1]))
        assert status(port(seen[2]), "a", tls=True) == 0
        assert greets("127.0.0.1", port(seen[4])) and greets("127.0.0.4", port(seen[5]))


@needs_ipv6
@pytest.mark.parametrize("everywhere", [":0", "*:0"])
def test_an_address_without_a_host_takes_both_families(tmp_path, everywhere):
    with Started(tmp_path, "--listen", everywhere, "--listen-tls", "") as server:
        second = server.process.stdout.readline().strip()
        assert server.first.startswith("http://0.0.0.0:") and second == f"http://[::]:{port(server.first)}/"
        assert greets("127.0.0.1", port(second)) and greets("::1", port(second))


@needs_ipv6
def test_clients_of_both_families_are_logged_and_bounded_by_their_own_address(tmp_path):
    with Started(tmp_path, "--listen", ":0", "--listen-tls", "", "--max-connections-per-address", "1") as server:
        number = port(server.first)
        with socket.create_connection(("127.0.0.1", number)) as first:
            first.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
            assert first.recv(4096)
            # Another IPv4 address is not the same client, although both come to one IPv6 socket.
            with socket.create_connection(("127.0.0.1", number), source_address=("127.0.0.2", 0)) as second:
                second.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
                assert second.recv(4096).startswith(b"HTTP/1.1 200")
            with socket.create_connection(("127.0.0.1", number)) as third:
                assert third.recv(4096).startswith(b"HTTP/1.1 503")
        server.process.terminate()
        log = server.process.communicate(timeout=SECONDS)[1]
        assert '"127.0.0.1"' in log and "::ffff" not in log


@needs_ipv6
def test_the_ipv6_wildcard_is_ipv6_alone(tmp_path):
    with Started(tmp_path, "--listen", "[::]:0", "--listen-tls", "") as server:
        assert greets("::1", port(server.first)) and not greets("127.0.0.1", port(server.first))


@needs_ipv6
def test_without_ipv6_both_families_are_ipv4(tmp_path):
    wrapper = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c",
               "ip link set lo up; sysctl -qw net.ipv6.conf.all.disable_ipv6=1 2>/dev/null; exec \"$@\"", "-"]
    if subprocess.run([*wrapper, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody make a network of their own")
    with Started(tmp_path, "--listen", ":0", "--listen-tls", "", wrapper=wrapper) as server:
        assert server.first.startswith("http://0.0.0.0:")


@pytest.mark.parametrize("options", [
    ["--listen", "::1:8080"], ["--listen", "[127.0.0.1]:80"], ["--listen", "127.0.0.1:+80"], ["--listen", " "],
    ["--listen", "127.0.0.1:"], ["--listen", "localhost"], ["--listen", "example.org:80"], ["--listen-tls", "**:80"],
    ["--listen-admin", "x"],
])
def test_what_is_no_address_is_refused_with_examples(tmp_path, options):
    line = refused(tmp_path, *options)
    assert options[0] in line and f"not '{options[1]}'" in line and "[::]:8080" in line


@pytest.mark.parametrize("options, words", [
    (["--listen", "127.0.0.1:8080", "--listen", "127.0.0.1:8080"], "twice"),
    (["--listen", "127.0.0.1:8080", "--listen", ""], "switches it off"),
    (["--listen", "127.0.0.1:8080", "--listen", "0.0.0.0:8080"], "overlap"),
    (["--listen", "[::]:8080", "--listen", ":8080"], "overlap"),
    (["--listen", ":8080", "--listen-tls", "127.0.0.1:8080"], "same address"),
    (["--listen", "127.0.0.1:8080", "--listen-tls", "127.0.0.1:8080"], "same address"),
    (["--listen-tls", "127.0.0.1:9000", "--listen-admin", "127.0.0.1:9000"], "same address"),
    (["--listen", "", "--listen-tls", ""], "nothing to serve"),
])
def test_addresses_that_contradict_each_other_are_refused(tmp_path, options, words):
    assert words in refused(tmp_path, *options)


@pytest.mark.parametrize("network, meant", [("10.0.0.5/8", "10.0.0.0/8"), ("fd00::1/64", "fd00:0:0:0:0:0:0:0/64")])
def test_an_address_within_a_network_is_no_network(tmp_path, network, meant):
    assert f"not '{network}'; its network is {meant}" in refused(tmp_path, "--trusted-proxy", network)


# ---- options that are taken once, and values ------------------------------------------------------------------------

@pytest.mark.parametrize("options", [
    ["--max-size", "1G", "--max-size", "2G"], ["--durability=power", "--durability", "process"],
    ["--data", "elsewhere"],
])
def test_an_option_of_one_value_is_not_taken_twice(tmp_path, options):
    assert f"{options[0].partition('=')[0]} was given more than once" in refused(tmp_path, *options)


@pytest.mark.parametrize("text, count", [
    ("4096", 4096), ("4K", 4096), ("4k", 4096), ("4Ki", 4096), ("4KiB", 4096), ("4KB", 4000), ("1mb", 1_000_000),
])
def test_bytes_are_told_in_powers_of_1024_and_of_1000(tmp_path, text, count):
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", "--max-size", text) as server:
        offer = ask(port(server.first), "OPTIONS", "/files", {"Tus-Resumable": "1.0.0"})
        assert int(offer.fields["tus-max-size"]) == count


@pytest.mark.parametrize("value", ["", " ", "1.5G", "1,5G", "0x10", "1e9", "10 M", " 1G", "+1", "G", "1GG", "1P", "٣"])
@pytest.mark.parametrize("option", ["--max-size", "--ready-free", "--min-rate"])
def test_what_is_no_number_of_bytes_is_refused(tmp_path, option, value):
    line = refused(tmp_path, option, value)
    assert option in line and value in line


@pytest.mark.parametrize("options", [
    ["--expire-after", str(2**63 - 1)], ["--forget-after", str(2**63 - 1)], ["--expire-after", "7d"],
    ["--body-timeout", "90000"], ["--threads", "1025"], ["--max-connections", "9" * 30], ["--buffer-memory", "0"],
    ["--buffer-memory", "2T"],
    ["--max-size", "9000000T"],
])
def test_numbers_beyond_all_reason_are_refused(tmp_path, options):
    assert options[0] in refused(tmp_path, *options)


def test_the_largest_times_are_taken_and_work(tmp_path):
    longest = str(100 * 365 * 86_400)
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", "--expire-after", longest, "--forget-after",
                 longest, "--body-timeout", "86400", "--min-rate", "0", "--ready-free", "0") as server:
        assert append(port(server.first), "a", 0, b"hello").status == 200
        assert ask(port(server.first), "GET", "/readyz").status == 200


# ---- options that need each other -----------------------------------------------------------------------------------

@pytest.mark.parametrize("options, words", [
    (["--tls-cert", "x"], "go together"), (["--tls-key", "./x"], "go together"),
    (["--tls-cert", "", "--tls-key", ""], "takes a file"),
    (["--cors-credentials"], "--cors-origin"),
    (["--max-connections", "5", "--max-connections-per-address", "6"], "more than --max-connections"),
])
def test_what_has_no_effect_without_another_option_is_refused(tmp_path, options, words):
    line = refused(tmp_path, *options)
    assert options[0] in line and words in line


@pytest.mark.parametrize("options, words", [
    (["--trusted-proxy", "0.0.0.0/0"], "anybody may say"), (["--trusted-proxy", "::/0"], "anybody may say"),
    (["--ready-free", "1000000T"], "/readyz says no"), (["--buffer-memory", "1T"], "is no bound"),
    (["--max-connections", "1000000"], "open files"), (["--max-connections-per-address", "9000000"], "is more than"),
])
def test_what_cannot_be_meant_is_warned_of_at_the_start(tmp_path, options, words):
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", *options) as server:
        [warning] = server.stop()[1]
        assert options[0] in warning and words in warning


def test_a_usual_start_has_nothing_to_warn_of(tmp_path):
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0") as server:
        assert server.stop()[1] == []


def test_few_open_files_are_told_with_their_number(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (160, 160))

    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", limit=limit) as server:
        [warning] = server.stop()[1]
        assert "32 connections" in warning and "160" in warning


def test_too_few_open_files_for_one_connection_end_the_start(tmp_path):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    done = subprocess.run(
        [binary, "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--listen-tls", ""],
        capture_output=True, text=True, timeout=SECONDS,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "64" in line and "LimitNOFILE" in line


# ---- what the server is called, and by whom -------------------------------------------------------------------------

@pytest.mark.parametrize("origin", [
    "https://app.example", "https://app.example/", "https://App.Example", "HTTPS://app.example:443",
])
def test_an_origin_is_meant_however_it_is_written(tmp_path, origin):
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", "--cors-origin", origin) as server:
        answer = ask(port(server.first), "GET", "/healthz", {"Origin": "https://app.example"})
        assert answer.fields["access-control-allow-origin"] == "https://app.example"


@pytest.mark.parametrize("origin, words", [
    ("https://app.example/page", "has a path"), ("app.example", "scheme"), ("https://*.example", "wildcard"),
    ("https://a.example,https://b.example", "once for each"), ("null", "anybody"), ("", "scheme"),
    ("https://müller.example", "xn--"), ("https://app.example:99999", "port"), ("https://user@app.example", "host"),
])
def test_an_origin_that_could_never_match_is_refused(tmp_path, origin, words):
    line = refused(tmp_path, "--cors-origin", origin)
    assert f"'{origin}'" in line and words in line


@pytest.mark.parametrize("others", [[], ["--cors-origin", "https://app.example"]], ids=["alone", "beside one"])
def test_no_start_lets_every_site_act_for_its_visitors(tmp_path, others):
    line = refused(tmp_path, "--cors-origin", "*", *others, "--cors-credentials")
    assert "name the origins" in line


@pytest.mark.parametrize("url, told", [
    ("https://h.example", "https://h.example"), ("https://h.example///", "https://h.example"),
    ("http://h.example:81/prefix/", "http://h.example:81/prefix"),
])
def test_a_public_url_stands_before_every_address(tmp_path, url, told):
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", "--public-url", url) as server:
        location = ask(port(server.first), "PUT", "/files/name", {}, b"hello").location
        assert location.startswith(f"{told}/files/")


@pytest.mark.parametrize("url", [
    "", "h.example", "ftp://h.example", "https://", "https://h.example/?a=b", "https://h.example/#a", "https://h.ex ample",
    "https://u:p@h.example", "https://hällo.example", "https://h.example:0", "https://h.example/\r\nX: y",
])
def test_a_public_url_that_makes_no_address_is_refused(tmp_path, url):
    assert "--public-url" in refused(tmp_path, "--public-url", url)


# ---- who may read finished files ------------------------------------------------------------------------------------

def test_finished_files_and_the_way_to_them_get_the_mode_that_was_told(tmp_path):
    def umask():
        os.umask(0o077)

    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", "--file-mode", "0644", limit=umask) as server:
        small = ask(port(server.first), "PUT", "/files/small", {}, b"hello").location
        large = ask(port(server.first), "PUT", "/files/large", {}, b"x" * 300_000).location
        part = ask(port(server.first), "POST", "/files", {
            "Tus-Resumable": "1.0.0", "Upload-Concat": "partial", "Upload-Length": "1",
            "Content-Type": "application/offset+octet-stream"}, b"x").location
        joined = ask(port(server.first), "POST", "/files", {
            "Tus-Resumable": "1.0.0", "Upload-Concat": f"final;{part}"}, b"").location
        complete = tmp_path / "data" / "complete"
        assert complete.stat().st_mode & 0o777 == 0o755
        for location in (small, large, joined):
            folder = complete / location.rpartition("/")[2]
            [file] = folder.iterdir()
            assert (folder.stat().st_mode & 0o7777, file.stat().st_mode & 0o7777) == (0o755, 0o644)
        # Open ones are nobody's business.
        assert (tmp_path / "data" / "uploads").stat().st_mode & 0o077 == 0


def test_without_a_mode_the_umask_decides(tmp_path):
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", limit=lambda: os.umask(0o027)) as server:
        location = ask(port(server.first), "PUT", "/files/small", {}, b"hello").location
        [file] = (tmp_path / "data" / "complete" / location.rpartition("/")[2]).iterdir()
        assert file.stat().st_mode & 0o777 == 0o640 and file.parent.stat().st_mode & 0o777 == 0o750


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root, who is a member of every group")
def test_finished_files_get_the_group_that_was_told(tmp_path):
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", "--file-group", "daemon") as server:
        location = ask(port(server.first), "PUT", "/files/small", {}, b"hello").location
        [file] = (tmp_path / "data" / "complete" / location.rpartition("/")[2]).iterdir()
        assert {path.stat().st_gid for path in (file, file.parent, file.parent.parent)} == {1}


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root, to become somebody else")
def test_a_group_that_the_server_is_no_member_of_ends_the_start(tmp_path):
    tmp_path.chmod(0o777)
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    here = tmp_path / "sluice"
    here.write_bytes(open(binary, "rb").read())
    here.chmod(0o755)
    for folder in tmp_path.parents[:2]:
        folder.chmod(folder.stat().st_mode | 0o011)
    done = subprocess.run(
        [here, "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--listen-tls", "", "--file-group",
         "daemon"], capture_output=True, text=True, timeout=SECONDS, user=65534, group=65534, extra_groups=[])
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "complete" in line and "group 1" in line and "not permitted" in line


@pytest.mark.parametrize("options", [
    ["--file-mode", ""], ["--file-mode", "640 "], ["--file-mode", "0755"], ["--file-mode", "04644"],
    ["--file-mode", "0044"], ["--file-mode", "rw-r-----"], ["--file-mode", "+640"], ["--file-mode", "689"],
    ["--file-group", "no-such-group"], ["--file-group", ""], ["--file-group", "4294967295"],
])
def test_what_is_no_mode_or_group_is_refused(tmp_path, options):
    line = refused(tmp_path, *options)
    assert options[0] in line and options[1] in line


# ---- certificates ---------------------------------------------------------------------------------------------------

def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_certificate(folder, *options):
    key, certificate = folder / "key.pem", folder / "cert.pem"
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
            "-keyout", key, "-out", folder / "request")
    (folder / "index").write_text("")
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=a\n[a]\nnew_certs_dir={folder}\ndatabase={folder}/index\nserial={folder}/serial\n"
        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    openssl("ca", "-batch", "-selfsign", "-config", folder / "ca.cnf", "-keyfile", key, "-in", folder / "request",
            "-out", certificate, "-notext", *options)
    return certificate, key


@pytest.mark.parametrize("start, end, words", [
    ("20200101000000Z", "20210101000000Z", "has expired"), ("20900101000000Z", "20910101000000Z", "is not valid yet"),
])
def test_a_certificate_out_of_its_time_is_served_with_a_warning(tmp_path, start, end, words):
    certificate, key = make_certificate(tmp_path, "-startdate", start, "-enddate", end)
    with Started(tmp_path, "--listen", "", "--listen-tls", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key",
                 key) as server:
        assert status(port(server.first), "a", tls=True) == 0
        [warning] = server.stop()[1]
        assert words in warning and str(certificate) in warning


def test_a_certificate_that_nothing_serves_is_warned_of(tmp_path):
    certificate, key = make_certificate(tmp_path, "-days", "2")
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", "--tls-cert", certificate, "--tls-key",
                 key) as server:
        [warning] = server.stop()[1]
        assert "--tls-cert" in warning and "--listen-tls" in warning


def test_a_chain_in_the_wrong_order_is_told_as_such(tmp_path):
    (tmp_path / "other").mkdir()
    certificate, key = make_certificate(tmp_path, "-days", "2")
    other, _ = make_certificate(tmp_path / "other", "-days", "2")
    chain = tmp_path / "chain.pem"
    chain.write_text(other.read_text() + certificate.read_text())
    line = refused(tmp_path, "--listen", "", "--listen-tls", "127.0.0.1:0", "--tls-cert", str(chain), "--tls-key",
                   str(key))
    assert str(chain) in line and "number 2" in line and "first" in line and "does not belong" not in line


# ---- where it runs --------------------------------------------------------------------------------------------------

def test_without_proc_it_serves_all_the_same(tmp_path):
    wrapper = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs none /proc; exec \"$@\"", "-"]
    if subprocess.run([*wrapper, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount something of their own")
    with Started(tmp_path, "--listen", "127.0.0.1:0", "--listen-tls", "", wrapper=wrapper) as server:
        assert append(port(server.first), "a", 0, b"hello").status == 200


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_no_file_gets_the_number_of_an_output_that_is_closed(tmp_path, closed):
    """Log lines would go to whatever has it: a data file, or a client."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number = probe.getsockname()[1]
    wrapper = ["sh", "-c", f'exec "$@" {closed}', "-"]
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    process = subprocess.Popen([*wrapper, binary, "serve", "--data", tmp_path / "data", "--listen",
                                f"127.0.0.1:{number}", "--listen-tls", ""], stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        eventually(lambda: answers(number), "the start")
        assert append(number, "a", 0, b"hello").status == 200
        assert {os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}
    finally:
        process.terminate()
        assert process.wait(SECONDS) == 0


def answers(number: int) -> bool:
    try:
        return ask(number, "GET", "/healthz").status == 200
    except ConnectionRefusedError:
        return False


def test_a_program_older_than_its_options_writes_no_table(tmp_path):
    for file in ("scripts/option-table", "docs/configuration.md", "Sources/sluice/Options/ServeOptions+Limits.swift"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(__file__).parents[2] / file, tmp_path / file)
    (tmp_path / "deploy").mkdir()
    program, page = tmp_path / "program", tmp_path / "docs/configuration.md"
    program.write_text("#!/bin/sh\necho '| `--config` file | | | |'\n")
    program.chmod(0o755)
    os.utime(program, (0, 0))
    before = page.read_text()

    def write():
        return subprocess.run(
            [tmp_path / "scripts/option-table", "--write", program], capture_output=True, text=True, check=False)
    refused = write()
    assert refused.returncode == 1 and "is older than Sources/sluice/Options" in refused.stderr
    assert page.read_text() == before
    os.utime(program)
    assert write().returncode == 0 and page.read_text() != before
