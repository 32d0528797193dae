"""The shell samples of README and docs, as they stand there: each is run by a shell, with file names that are not easy."""

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from ports import free_port
from sluice import Sluice, make_file, sha256
from wire import ask

TOP = Path(__file__).parents[2]
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
SECONDS = 60
SIZE = 3_000_000
NAMES = ["my disk.iso", "-dash.iso", "größer – ü.iso", "it's $HOME & more.iso", "x" * 96 + ".iso"]
PROGRAM = ".build/release/sluice"


def blocks(page: Path) -> dict[str, list[str]]:
    """The shell samples of a page, by the headings that they stand below."""
    found: dict[str, list[str]] = {}
    for section in re.split(r"\n(?=#+ )", "\n" + page.read_text())[1:]:
        samples = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
        if samples:
            found[f"{page.stem}: {section.partition(chr(10))[0].lstrip('# ')}"] = samples
    return found


SAMPLES = {heading: samples for page in PAGES for heading, samples in blocks(page).items()}

#: What is tried of each heading's samples, below. A new one has to find its place here.
TRIED = {
    # In test_import_tusd.py.
    "from-tusd: The switch": 1,
    # In test_delivery_disk.py and test_delivery.py.
    "delivery: To a folder": 1, "delivery: To a bucket": 1,
    "README: Start": 2, "README: Ways to upload": 1,
    "protocols: Plain: PUT and POST": 1, "protocols: Forms": 1, "protocols: File-id: upload and resume": 2,
    "protocols: tus": 1, "protocols: IETF: Resumable Uploads for HTTP": 1, "protocols: Download": 1,
    "access: Who may": 3, "shell: Sending files": 1, "operating: Restarting without losing a connection": 1,
    "operating: TLS": 1, "operating: Health and numbers": 1, "operating: Check and repair": 1, "operating: Docker": 1,
    "operating: Looking after it": 1,
}


def test_every_sample_has_a_test():
    assert {heading: len(found) for heading, found in SAMPLES.items()} == TRIED


def shell(script: str, folder: Path, **variables):
    """Runs a sample where its file lies. Every command of it must succeed."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, capture_output=True, timeout=SECONDS,
        env={**os.environ, **variables}, text=True)


@pytest.fixture(params=NAMES, ids=["space", "dash", "umlauts", "quote", "hundred bytes"])
def hard(request, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    return make_file(folder / request.param, SIZE)


def run(script: str, hard: Path, server: Sluice):
    done = shell(script, hard.parent, url=server.url.rstrip("/"), file=hard.name)
    assert done.returncode == 0, done.stderr
    return done.stdout


def stored(server, name: str) -> list[Path]:
    return [path for path in server.finished_files() if path.name == name]


@pytest.mark.parametrize("heading, index, copies", [
    ("protocols: Plain: PUT and POST", 0, 1), ("protocols: Forms", 0, 2), ("protocols: File-id: upload and resume", 0, 1),
    ("protocols: File-id: upload and resume", 1, 1), ("protocols: tus", 0, 1), ("protocols: IETF: Resumable Uploads for HTTP", 0, 1),
])
def test_a_sample_stores_a_file_of_any_name(sluice, hard, heading, index, copies):
    run(SAMPLES[heading][index], hard, sluice)
    found = stored(sluice, hard.name)
    assert len(found) == copies, sluice.finished_files()
    assert {sha256(path) for path in found} == {sha256(hard)}


def test_the_first_sample_needs_no_more_than_a_file(sluice, tmp_path):
    make_file(tmp_path / "big.iso", SIZE)
    [sample] = [block for block in SAMPLES["README: Start"] if block.startswith("curl")]
    done = shell(sample.replace("http://127.0.0.1:8080", sluice.url.rstrip("/")), tmp_path)
    assert done.returncode == 0 and sluice.sha256("big.iso") == sha256(tmp_path / "big.iso")


def test_the_first_sample_of_put_sends_a_file(sluice, tmp_path):
    make_file(tmp_path / "big.iso", SIZE)
    [sample] = SAMPLES["README: Ways to upload"]
    sample = sample.replace("http://127.0.0.1:8080/", sluice.url).replace(PROGRAM, shlex.quote(program()))
    done = shell(sample, tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0 and sluice.sha256("big.iso") == sha256(tmp_path / "big.iso"), done.stderr


def test_the_loop_goes_on_where_it_was_cut(sluice, hard):
    _, loop = SAMPLES["protocols: File-id: upload and resume"]
    stamp = int(hard.stat().st_mtime)
    head = {"X-File-Id": f"{hard.name}-{SIZE}-{stamp}000".encode().decode("latin-1"), "X-Start-Byte": "0"}
    assert ask(sluice.port, "POST", "/upload", head | {"X-File-Size": str(SIZE)}, hard.read_bytes()[:777]).status == 400
    run(loop, hard, sluice)
    assert sluice.sha256(hard.name) == sha256(hard)


def test_the_loop_ends_where_the_file_is_stored_already(sluice, hard):
    _, loop = SAMPLES["protocols: File-id: upload and resume"]
    run(loop, hard, sluice)
    assert run(loop, hard, sluice) == str(SIZE)
    assert len(stored(sluice, hard.name)) == 1


def test_the_loop_stores_an_empty_file_and_says_when_there_is_none(sluice, tmp_path):
    _, loop = SAMPLES["protocols: File-id: upload and resume"]
    (tmp_path / "no bytes").write_bytes(b"")
    done = shell(loop, tmp_path, url=sluice.url.rstrip("/"), file="no bytes")
    assert done.returncode == 0, done.stderr
    [empty] = sluice.finished_files()
    assert empty.name == "no bytes" and empty.stat().st_size == 0
    done = shell(loop, tmp_path, url=sluice.url.rstrip("/"), file="no such file")
    assert done.returncode != 0 and "no such file" in done.stderr
    assert sluice.finished_files() == [empty]


def test_the_download_sample_brings_the_file_back_under_its_name(sluice, hard, tmp_path):
    location = ask(sluice.port, "PUT", "/files/back.iso", {}, hard.read_bytes()).location
    [sample] = SAMPLES["protocols: Download"]
    sample = re.sub(r"/files/[0-9a-f]{32}", location, sample)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", sample], cwd=tmp_path, capture_output=True, timeout=SECONDS,
        env={**os.environ, "url": sluice.url.rstrip("/")})
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(hard.read_bytes()[:100])
    assert sha256(tmp_path / "back.iso") == sha256(hard)


def test_the_samples_of_put_send_files(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    certificate(folder / "chain.pem", folder / "key.pem")
    for name in ("big.iso", "my disk.tar", "b.tar"):
        make_file(folder / name, SIZE, seed=len(name))
    (folder / "photos").mkdir()
    make_file(folder / "photos" / "a b.jpg", SIZE, seed=7)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "pg_dump").write_text("#!/bin/sh\necho everything in $1\n")
    (programs / "pg_dump").chmod(0o755)
    server = Sluice(tmp_path, "--tls-cert", str(folder / "chain.pem"), "--tls-key", str(folder / "key.pem"))
    server.start()
    try:
        [sample] = SAMPLES["shell: Sending files"]
        sample = sample.replace("http://127.0.0.1:8080/", server.url)
        sample = sample.replace("https://uploads.example:8443/", server.tls_url)
        done = shell(
            sample.replace(PROGRAM, shlex.quote(program())), folder, XDG_CACHE_HOME=str(tmp_path / "cache"),
            PATH=f"{programs}:{os.environ['PATH']}")
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 5
        assert server.sha256("a b.jpg") == sha256(folder / "photos" / "a b.jpg")
        assert [path.read_text() for path in server.finished_files() if path.name == "shop.sql"] == [
            "everything in shop\n"]
        for name in ("big.iso", "my disk.tar", "b.tar"):
            assert server.sha256(name) == sha256(folder / name)
    finally:
        server.stop()


def test_the_samples_of_tokens_let_in_who_has_one(tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "sluice").symlink_to(program())
    path = f"{programs}:{os.environ['PATH']}"
    make_file(tmp_path / "big.iso", SIZE)
    signed, made, asked = SAMPLES["access: Who may"]
    assert shell(asked.replace("sluice serve", "sluice check-config"), tmp_path, PATH=path).returncode == 0
    assert shell(made + 'printf %s "$token" >made', tmp_path, PATH=path).returncode == 0
    secret, serve, *rest = signed.splitlines()
    assert shell(secret, tmp_path, PATH=path).returncode == 0 and serve == "sluice serve --jwt-secret secret"
    server = Sluice(tmp_path, "--jwt-secret", str(tmp_path / "secret"), "--tokens", str(tmp_path / "tokens"))
    server.start()
    try:
        script = "\n".join(rest).replace("http://127.0.0.1:8080/", server.url)
        done = shell(script, tmp_path, PATH=path)
        assert done.returncode == 0 and '"location"' in done.stdout, done.stderr
        assert server.sha256("big.iso") == sha256(tmp_path / "big.iso")
        by_digest = {"Authorization": f"Bearer {(tmp_path / 'made').read_text()}"}
        assert ask(server.port, "PUT", "/files/a", by_digest, b"x").status == 201
        assert ask(server.port, "PUT", "/files/a", {}, b"x").status == 401
    finally:
        server.stop()


def test_the_sample_of_tls_serves_it(tmp_path):
    certificate(tmp_path / "chain.pem", tmp_path / "key.pem")
    [sample] = SAMPLES["operating: TLS"]
    sample = sample.replace("0.0.0.0:8443", "127.0.0.1:0").replace("/srv/uploads", "uploads")
    with background(sample.replace(PROGRAM, f"exec {shlex.quote(program())}"), tmp_path) as process:
        port = process.stdout.readline().strip().rstrip("/").rpartition(":")[2]
        assert ask(int(port), "GET", "/healthz", tls=True).body == b"ok\n"


def test_the_sample_of_metrics_tells_them(tmp_path):
    [sample] = SAMPLES["operating: Health and numbers"]
    port = free_port()
    sample = sample.replace("127.0.0.1:9090", f"127.0.0.1:{port}")
    serve, ask_metrics = sample.strip().split("\n")
    serve = serve.removesuffix("&").replace(PROGRAM, f"exec {shlex.quote(program())}")
    with background(serve + f" --listen 127.0.0.1:0 --listen-tls '' --data {tmp_path}/data", tmp_path) as process:
        while "admin" not in process.stdout.readline():
            assert process.poll() is None
        done = shell(ask_metrics, tmp_path)
        assert done.returncode == 0 and "sluice_uploads_active" in done.stdout


def test_the_sample_of_looking_after_a_server_does_it(tmp_path):
    [sample] = SAMPLES["operating: Looking after it"]
    server = Sluice(tmp_path, "--listen-admin", f"unix:{tmp_path}/admin.sock")
    server.start()
    try:
        answer = ask(server.port, "POST", "/files", {"Tus-Resumable": "1.0.0", "Upload-Length": "5"})
        sample = sample.replace("6005c38ff5b15fc644942fd764ec8959", answer.location.rpartition("/")[2])
        # Who watches does so for ever.
        sample = sample.replace("--admin 127.0.0.1:9090 ", "").replace("sluice watch ", "timeout 1 sluice watch || true ")
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "sluice").symlink_to(program())
        done = shell(sample, tmp_path, PATH=f"{tmp_path}/bin:{os.environ['PATH']}",
                     SLUICE_ADMIN=f"unix:{tmp_path}/admin.sock")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "0 B of 5 B" in done.stdout and "removed" in done.stdout and "debug" in done.stdout
    finally:
        server.stop()


def test_the_samples_of_check_look_at_a_directory(sluice, tmp_path):
    assert ask(sluice.port, "PUT", "/files/name", {}, b"hello").status == 201
    sluice.terminate()
    sluice.wait()
    [sample] = SAMPLES["operating: Check and repair"]
    done = shell(sample.replace(PROGRAM, shlex.quote(program())).replace("/srv/uploads", str(sluice.data)), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("1 finished") == 2


def test_what_is_installed_and_built_by_samples_is_there():
    """Their commands would change this machine: they are read by the shell, and their files looked for."""
    for heading in ("Restarting without losing a connection", "Docker"):
        [sample] = SAMPLES[f"operating: {heading}"]
        assert subprocess.run(["bash", "-n", "-c", sample]).returncode == 0
        for path in re.findall(r"deploy/\S+", sample):
            assert list(TOP.glob(path)), path
    [start] = [block for block in SAMPLES["README: Start"] if block.startswith("make")]
    targets = re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"^make (\w+)", start, re.MULTILINE)) <= set(targets)


def test_the_container_files_name_what_is_there():
    """No container is built here; what their lines name is compared with the sources and the options."""
    dockerfile = (TOP / "Dockerfile").read_text()
    options = subprocess.run([program(), "serve", "--help"], capture_output=True, text=True).stdout
    for name, text in (("Dockerfile", dockerfile), ("compose.yaml", (TOP / "compose.yaml").read_text())):
        used = set(re.findall(r"--(?:data|listen|tls|log|min|max)[a-z-]*", re.sub(r"#.*", "", text)))
        assert used and all(option in options for option in used), name
    # A bind mount of a single file would show an old certificate for ever.
    compose = (TOP / "compose.yaml").read_text()
    folder = re.search(r"- \./tls:(\S+):ro", compose)[1]
    assert f"--tls-cert={folder}/cert.pem" in compose and f"--tls-key={folder}/key.pem" in compose
    assert "secrets:" not in compose


# ---- helpers --------------------------------------------------------------------------------------------------------

def program() -> str:
    return os.path.abspath(os.environ.get("SLUICE_BINARY", PROGRAM))


def certificate(path: Path, key: Path) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", path],
        check=True, capture_output=True)


class background:
    """A sample that goes on until it is stopped."""

    def __init__(self, script: str, folder: Path):
        self.process = subprocess.Popen(
            ["bash", "-c", script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(SECONDS)
        finally:
            self.process.kill()
            self.process.stdout.close()
