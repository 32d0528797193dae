"""The server as people meet it who have nothing but curl."""

import json
import subprocess

import pytest

from conftest import MEBIBYTE
from sluice import sha256

CURL_SECONDS = 60


def curl(*arguments, data=None, check=True):
    command = ["curl", "--silent", "--show-error", "--max-time", str(CURL_SECONDS), "--insecure", *map(str, arguments)]
    done = subprocess.run(command, input=data, capture_output=True, timeout=CURL_SECONDS + 10)
    if check:
        assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(params=["plain", "tls"])
def url(request, sluice):
    return sluice.url if request.param == "plain" else sluice.tls_url


@pytest.mark.parametrize("size", [0, 1, 4096, 1_000_003, 20 * MEBIBYTE + 1])
def test_put_stores_the_file_and_get_brings_it_back(sluice, url, files, tmp_path, size):
    path = files("some file.bin", size)
    stored = json.loads(curl("-T", path, f"{url}files/"))
    assert stored["size"] == size
    assert stored["name"] == "some file.bin"
    curl("-o", tmp_path / "back", url.rstrip("/") + stored["location"])
    assert sha256(tmp_path / "back") == sha256(path)
    assert sluice.sha256("some file.bin") == sha256(path)


def test_put_waits_for_100_continue_no_longer_than_it_must(url, files):
    # curl asks for it before every PUT, and goes on by itself only after a second.
    took = curl("-o", "/dev/null", "-w", "%{time_total}", "-T", files("a", 2 * MEBIBYTE), f"{url}files/a")
    assert float(took) < 0.9


def test_a_pipe_of_unknown_length_is_stored(sluice, url, files):
    path = files("a", 3 * MEBIBYTE + 7)
    curl("-T", "-", f"{url}files/piped", data=path.read_bytes())
    assert sluice.sha256("piped") == sha256(path)


def test_data_binary_is_stored(url, files, tmp_path):
    path = files("a", 2 * MEBIBYTE)
    stored = json.loads(curl("--data-binary", f"@{path}", f"{url}files/"))
    curl("-o", tmp_path / "back", url.rstrip("/") + stored["location"])
    assert sha256(tmp_path / "back") == sha256(path)


def test_a_form_with_several_files_is_stored(sluice, url, files):
    paths = [files(f"file {number}", number * 700_000, seed=number) for number in range(4)]
    fields = [argument for path in paths for argument in ("-F", f"myfile=@{path}")]
    stored = json.loads(curl(*fields, "-F", "submit=Upload", f"{url}upload"))
    assert [file["size"] for file in stored] == [path.stat().st_size for path in paths]
    for path in paths:
        assert sluice.sha256(path.name) == sha256(path)


def test_a_broken_download_is_continued(url, files, tmp_path):
    path = files("a", 5 * MEBIBYTE)
    location = json.loads(curl("-T", path, f"{url}files/"))["location"]
    part = tmp_path / "part"
    part.write_bytes(path.read_bytes()[: 2 * MEBIBYTE + 5])
    curl("-C", "-", "-o", part, url.rstrip("/") + location)
    assert sha256(part) == sha256(path)


def test_a_continued_put_is_refused_not_taken_for_the_whole(sluice, url, files):
    path = files("a", MEBIBYTE)
    code = curl("-o", "/dev/null", "-w", "%{http_code}", "-C", "1000", "-T", path, f"{url}files/a")
    assert code == b"400"
    assert sluice.finished_files() == []


def test_the_file_id_dialect_is_spoken_with_curl_alone(sluice, url, files):
    path = files("a", 3 * MEBIBYTE)
    data = path.read_bytes()
    name = "X-File-Id: a.bin-3145728-1700000000000"
    assert curl("-H", name, f"{url}status") == b"0"
    # Cut by curl's own time limit while the server waits for the rest.
    curl(
        "--max-time", "1", "-H", name, "-H", "X-Start-Byte: 0", "-H", f"Content-Length: {len(data)}", "--data-binary", "@-",
        f"{url}upload", data=data[:MEBIBYTE], check=False)
    count = int(curl("-H", name, f"{url}status"))
    assert count == MEBIBYTE
    code = curl(
        "-o", "/dev/null", "-w", "%{http_code}", "-H", name, "-H", f"X-Start-Byte: {count}", "--data-binary", "@-",
        f"{url}upload", data=data[count:])
    assert code == b"200"
    assert sluice.sha256("a.bin") == sha256(path)


def test_many_requests_share_a_connection(url):
    requests = ["-o", "/dev/null", f"{url}healthz"] * 5
    connections = curl("-w", "%{num_connects} ", *requests).split()
    assert [int(count) for count in connections] == [1, 0, 0, 0, 0]


def test_http_1_0_and_head_are_spoken(url):
    assert curl("-0", f"{url}healthz") == b"ok\n"
    head = curl("-I", "--http1.1", f"{url}").decode()
    assert head.startswith("HTTP/1.1 200 ")
    assert "content-length" in head.lower()
