"""What the benchmark scripts share, without a server: bytes, results, tables, stacks."""

import importlib.machinery
import importlib.util
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(BENCH))

from lib import bars, build, load, machine, profile, tables  # noqa: E402
from lib.link import NEAR, Link  # noqa: E402
from lib.results import Results, median  # noqa: E402
from lib.subjects import SUBJECTS, instructions  # noqa: E402


def run(server: str, number: int, cpu: float, wire: str = "plain") -> dict:
    return {"row": "1 × 4 GiB", "wire": wire, "place": "disk", "server": server, "run": number, "size_bytes": 4 << 30,
            "server_cpu_seconds_per_gib": cpu, "mib_per_second": 1000.0, "server_rss_peak_bytes": 10 << 20}


@pytest.fixture
def results(tmp_path) -> Results:
    results = Results(tmp_path / "results" / "x.json", {"date": "2026-01-01"}, [])
    for number, cpu in enumerate([0.5, 0.2, 0.3], 1):
        results.add(run("sluice", number, cpu))
    results.add(run("floor inline", 1, 0.25))
    return results


def test_results_are_on_the_disk_after_each_run(results):
    stored = Results.stored(results.path)
    assert (stored.conditions, stored.runs) == (results.conditions, results.runs)
    assert [file.name for file in results.path.parent.iterdir()] == ["x.json"]
    assert len(stored.matching(server="sluice", run=2)) == 1
    assert stored.values("server") == ["sluice", "floor inline"]


def test_a_median_passes_over_runs_without_the_figure(results):
    assert median(results.matching(server="sluice"), "server_cpu_seconds_per_gib") == 0.3
    assert median(results.runs, "nothing") is None


def test_a_table_has_a_line_for_each_server(results):
    text = tables.comparison(results)
    assert "| sluice | 0.30 | 1,000 | 10 |" in text
    assert "| floor inline | 0.25 | 1,000 | 10 |" in text


def test_a_plot_shows_the_median_and_the_spread(results):
    results.add(run("sluice", 1, 0.9, wire="TLS"))
    svg = bars.cpu_per_gib(results, "1 × 4 GiB")
    assert svg.count("<g ") == 2 and svg.count("</g>") == 2
    assert ">0.30</text>" in svg and ">0.90</text>" in svg


def test_every_subject_says_what_it_is_and_has_columns():
    for name, subject in SUBJECTS.items():
        assert subject.__doc__ and subject.measure.__doc__ and subject.COLUMNS, name


def test_instructions_are_read_from_the_last_lines_of_a_dump():
    assert instructions.total("summary: 7\n\nfn=(1)\n0 7\n\ntotals: 12345678901\n") == 12_345_678_901
    with pytest.raises(load.LoadFailure):
        instructions.total("version: 1\n")


def test_a_file_with_another_byte_is_found(tmp_path):
    file = tmp_path / "file"
    bytes_sent = (load.body(7) * 2)[:load.BODY_MEMORY_BYTES + 5000]
    file.write_bytes(bytes_sent)
    load.check_file(file, len(bytes_sent), seed=7, whole=True)
    load.check_file(file, len(bytes_sent), seed=7)
    with pytest.raises(load.LoadFailure):
        load.check_file(file, len(bytes_sent) + 1, seed=7)
    file.write_bytes(bytes_sent[:-1] + bytes([bytes_sent[-1] ^ 1]))
    with pytest.raises(load.LoadFailure):
        load.check_file(file, len(bytes_sent), seed=7)


def test_the_body_is_the_one_that_the_generator_sends():
    # The first number of SplitMix64 with seed 0, as its author publishes it.
    assert load.body(0)[:8] == (0xE220A8397B1DCDAF).to_bytes(8, "little")
    assert len(load.body(0)) == load.BODY_MEMORY_BYTES


@pytest.mark.parametrize("frames, group", [
    ([("_copy_to_iter", "[kernel.kallsyms]"), ("tcp_recvmsg", "[kernel.kallsyms]"), ("recv", "libc.so.6")],
     "kernel: receive"),
    ([("copy", "[kernel.kallsyms]"), ("__x64_sys_pwrite64", "[kernel.kallsyms]")], "kernel: write"),
    ([("submit", "[kernel.kallsyms]"), ("__x64_sys_fdatasync", "[kernel.kallsyms]")], "kernel: sync"),
    ([("aes", "/usr/lib/libcrypto.so.3"), ("SSL_read", "/usr/lib/libssl.so.3")], "OpenSSL"),
    ([("main", "/opt/sluice")], "the program itself"),
])
def test_a_stack_tells_what_was_being_done(frames, group):
    assert profile.Sample(tuple(frames)).group == group


def test_a_process_and_its_clock_are_found():
    with subprocess.Popen(["sleep", "30"]) as child:
        try:
            assert child.pid in machine.family(os.getpid())
            assert machine.cpu_seconds([os.getpid()]) > machine.cpu_seconds([child.pid]) >= 0
        finally:
            child.kill()


def listen_and_answer(server: socket.socket) -> None:
    client, _ = server.accept()
    with client:
        client.sendall(client.recv(10))
        while client.recv(1 << 20):
            pass


@pytest.mark.skipif(os.geteuid() != 0 or not os.access("/dev/net/tun", os.R_OK | os.W_OK),
                    reason="takes root, and /dev/net/tun")
def test_a_link_takes_its_time_and_loses_nothing():
    """40 ms for the handshake, 40 for a question and its answer, and 8 MB at 20 MB a second."""
    build.link()
    ask = ("import socket, time; start = time.monotonic(); line = socket.create_connection(('%s', %d))\n"
           "line.sendall(b'?'); line.recv(1); print(time.monotonic() - start)\n"
           "line.sendall(bytes(8_000_000)); line.shutdown(socket.SHUT_WR); line.recv(1)\n"
           "print(time.monotonic() - start)")
    with Link(40, megabytes=20) as link, socket.create_server((NEAR, 0)) as server:
        answering = threading.Thread(target=listen_and_answer, args=(server,))
        answering.start()
        done = subprocess.run([*link.there, sys.executable, "-c", ask % (NEAR, server.getsockname()[1])],
                              capture_output=True, text=True, check=True)
        answering.join()
    answered, whole = map(float, done.stdout.split())
    assert answered >= 0.08
    assert whole - answered >= 0.4


def test_a_section_of_the_page_is_replaced_and_nothing_else():
    loader = importlib.machinery.SourceFileLoader("report", str(BENCH / "report"))
    report = importlib.util.module_from_spec(importlib.util.spec_from_loader("report", loader))
    loader.exec_module(report)
    page = "a\n<!-- compare -->\nold\n<!-- /compare -->\nb\n"
    assert report.replaced(page, "compare", r"new \1") == "a\n<!-- compare -->\nnew \\1\n<!-- /compare -->\nb\n"
    with pytest.raises(SystemExit):
        report.replaced(page, "more", "new")
