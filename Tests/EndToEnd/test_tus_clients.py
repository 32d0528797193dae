"""
Other people's tus clients, as they are installed, against the real server: plain and over TLS, on a whole line and on
one that breaks again and again. SLUICE_CLIENT_BYTES sets the size of the file.
"""

import asyncio
import io
import os
import ssl
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiotus
import aiotus.creation
import pytest
from aiotus.retry import RetryConfiguration
from tusclient.client import TusClient

from conftest import MEBIBYTE
from proxy import Proxy
from sluice import Sluice, make_file, sha256

CLIENT_BYTES = int(os.environ.get("SLUICE_CLIENT_BYTES", 32 * MEBIBYTE))
CLIENT_SECONDS = 60 + CLIENT_BYTES // (4 * MEBIBYTE)
CUTS = 5
CHUNK_BYTES = max(4 * MEBIBYTE, CLIENT_BYTES // 16)
RETRIES = 40

pytestmark = pytest.mark.seconds(CLIENT_SECONDS)


def run_apart(coroutine):
    """Runs a coroutine to its end on a thread of its own: the browser of other tests keeps a loop on this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for this machine, that clients are told to believe."""
    folder = tmp_path_factory.mktemp("certificate")
    names = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-out", names[0], "-keyout", names[1]],
        check=True, capture_output=True)
    return names


@pytest.fixture(scope="module")
def server(certificate, tmp_path_factory):
    server = Sluice(
        tmp_path_factory.mktemp("clients"), "--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1]))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    return make_file(tmp_path_factory.mktemp("big") / "big file ä.bin", CLIENT_BYTES)


@pytest.fixture(params=["plain", "TLS"])
def tls(request, certificate, monkeypatch):
    # Every client verifies the server's certificate, each finding it by the convention of its library.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return request.param == "TLS"


@pytest.fixture(params=["whole", "cut"])
def url(request, server, tls):
    """The collection's address, on a line that is cut five times or not at all."""
    line = Proxy(server.tls_port if tls else server.port, tls=tls)
    if request.param == "cut":
        threading.Thread(target=cut_often, args=(line,), daemon=True).start()
    yield line.url + "files"
    line.close()
    assert line.cuts == (CUTS if request.param == "cut" else 0)


def cut_often(line):
    for count in range(CUTS):
        # Less than any client sends on one connection; with RST and with FIN in turn.
        line.cut_after(MEBIBYTE + count * 300_001, reset=count % 2 == 0)
        if not line.waits(lambda: line.cuts > count, 20):
            return


def assert_stored(server, path, location=None):
    if location:
        stored = server.finished(location)
    else:
        stored = max(server.finished_files(), key=lambda file: file.stat().st_mtime_ns)
    assert sha256(stored) == sha256(path)
    stored.unlink()


@pytest.mark.parametrize("checksums", [False, True], ids=["unchecked", "sha1"])
def test_tuspy(server, url, big, checksums):
    uploader = TusClient(url).uploader(
        str(big), chunk_size=CHUNK_BYTES, retries=RETRIES, retry_delay=0, upload_checksum=checksums,
        metadata={"filename": big.name}, metadata_encoding="utf-8")
    uploader.upload()
    assert_stored(server, big, uploader.url)
    assert uploader.offset == CLIENT_BYTES


@pytest.fixture
def aiotus_resolves(monkeypatch):
    """
    aiotus 1.1.0 appends a relative Location to the collection's address as text, and fails on the slash it starts
    with (RFC 9110 section 10.2.2 wants it resolved): here it is resolved for it.
    """
    create = aiotus.creation.create

    async def create_and_resolve(session, endpoint, *args, **options):
        return endpoint.join(await create(session, endpoint, *args, **options))

    monkeypatch.setattr(aiotus.creation, "create", create_and_resolve)


def configuration(certificate):
    return RetryConfiguration(
        retry_attempts=RETRIES, max_retry_period_seconds=0.2, ssl=ssl.create_default_context(cafile=certificate[0]))


def test_aiotus(server, url, big, certificate, aiotus_resolves):
    async def upload():
        with big.open("rb") as file:
            return await aiotus.upload(
                url, file, {"filename": big.name.encode()}, config=configuration(certificate), chunksize=CHUNK_BYTES)

    assert_stored(server, big, run_apart(upload()).path)


class Slice(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, path: Path, start: int, size: int):
        self._file, self._start, self._size = path.open("rb"), start, size
        self._position = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=io.SEEK_SET):
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        return self._position

    def tell(self):
        return self._position

    def readinto(self, memory):
        self._file.seek(self._start + self._position)
        data = self._file.read(max(0, min(len(memory), self._size - self._position)))
        memory[: len(data)] = data
        self._position += len(data)
        return len(data)


def test_aiotus_in_parallel(server, url, big, certificate, aiotus_resolves):
    """Four parts, three at a time, put together by the server."""
    quarter = CLIENT_BYTES // 4 + 1
    parts = [Slice(big, start, min(quarter, CLIENT_BYTES - start)) for start in range(0, CLIENT_BYTES, quarter)]
    location = run_apart(
        aiotus.upload_multiple(
            url, parts, {"filename": big.name.encode()}, config=configuration(certificate), chunksize=CHUNK_BYTES,
            parallel_uploads=3))
    assert_stored(server, big, location.path)


def command(url, path, *options):
    result = subprocess.run(
        [sys.executable, "-m", "resumable_upload", "upload", "--url", url, "--chunk-size", str(CHUNK_BYTES),
         "--max-retries", "4", "--retry-delay", "0.01", "--no-progress", *options, str(path)],
        capture_output=True, text=True, timeout=CLIENT_SECONDS)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("checksum", ["md5", "sha1", "sha256", "sha512", "none"])
def test_resumable_upload(server, url, big, checksum):
    command(url, big, "--checksum", checksum)
    assert_stored(server, big)


def test_resumable_upload_by_post(server, url, big):
    command(url, big, "--override-patch-method")
    assert_stored(server, big)


def test_resumable_upload_in_parallel(server, url, big):
    command(url, big, "--parallel", "3")
    assert_stored(server, big)
