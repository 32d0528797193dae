"""`sluice put` with folders, with several files at once, and with names as Linux has them."""

import base64
import os
import subprocess
import tempfile

import pytest

from answering import Answering, Tus
from dialects import CLIENT
from putting import binary, failure, put


def metadata(request):
    """Upload-Metadata as bytes."""
    pairs = [pair.split(" ") for pair in request.fields["upload-metadata"].split(",")]
    return {key: base64.b64decode(value) for key, value in pairs}


@pytest.fixture
def server():
    server = Answering(Tus())
    yield server
    server.close()


def told(server):
    return [metadata(request) for request in server.requests if request.method == "POST"]


def make(folder, *names):
    for name in names:
        path = os.path.join(os.fsencode(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"content of " + name)


def test_a_folder_is_sent_with_its_paths(tmp_path, server):
    make(tmp_path, b"photos/b.jpg", b"photos/2024/a.jpg", b"photos/.hidden", b"photos/2024/deep/er/c")
    for word in ["photos", "photos/", "./photos", str(tmp_path / "photos")]:
        server.requests.clear()
        result = put(tmp_path, word, server.url)
        assert result.returncode == 0, result.stderr
        assert [entry["relativePath"] for entry in told(server)] == [
            b"photos/.hidden", b"photos/2024/a.jpg", b"photos/2024/deep/er/c", b"photos/b.jpg"]
        assert [entry["filename"] for entry in told(server)] == [b".hidden", b"a.jpg", b"c", b"b.jpg"]
        assert len(result.stdout.splitlines()) == 4


def test_the_folder_that_one_stands_in_goes_by_its_name(tmp_path, server):
    make(tmp_path, b"photos/a")
    result = put(tmp_path / "photos", ".", server.url)
    assert result.returncode == 0, result.stderr
    assert b"photos/a" in [entry["relativePath"] for entry in told(server)]


def test_names_are_bytes_and_stay_what_they_are(tmp_path, server):
    names = [b"f/\xff\xfe.bin", b"f/new\nline", b"f/\xf4\x8f\xbe\x80", b"f/caf\xc3\xa9", b"f/cafe\xcc\x81"]
    make(tmp_path, *names)
    result = put(tmp_path, "f", server.url)
    assert result.returncode == 0, result.stderr
    assert sorted(entry["relativePath"] for entry in told(server)) == sorted(names)
    server.requests.clear()
    result = put(tmp_path, *names, server.url)
    assert result.returncode == 0, result.stderr
    assert [entry["filename"] for entry in told(server)] == [name[2:] for name in names]
    assert len(result.stdout.splitlines()) == len(names)
    # Each file has one line, whatever its name says.
    assert len(result.stderr.splitlines()) == len(names)


def test_a_name_cannot_put_words_into_the_mouth_of_the_program(tmp_path):
    result = put(tmp_path, b"x\nsluice put: all is well\x1b[2J", "http://127.0.0.1:1/")
    assert result.returncode == 2
    assert b"\x1b" not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_name_of_any_bytes_is_stored(tmp_path, shared):
    make(tmp_path, b"\xe4rger")
    for dialect in CLIENT:
        result = put(tmp_path, "--dialect", dialect, b"\xe4rger", shared.url)
        assert result.returncode == 0, result.stderr
        assert shared.finished(result.stdout.decode().strip()).read_bytes() == b"content of \xe4rger"


def test_symbolic_links_in_folders_are_passed_by_and_told_of(tmp_path, server):
    make(tmp_path, b"secret/key", b"f/a")
    (tmp_path / "f/link").symlink_to(tmp_path / "secret/key")
    (tmp_path / "f/folder").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "f/pipe")
    result = put(tmp_path, "f", server.url)
    assert result.returncode == 0, result.stderr
    assert [entry["relativePath"] for entry in told(server)] == [b"f/a"]
    for name in ["f/link", "f/folder", "f/pipe"]:
        assert f"sluice put: {name}: passed by: " in result.stderr.decode()


def test_symbolic_links_are_followed_where_that_is_asked_for_but_not_round_and_round(tmp_path, server):
    make(tmp_path, b"other/key", b"f/g/a")
    (tmp_path / "f/link").symlink_to(tmp_path / "other")
    (tmp_path / "f/g/up").symlink_to(tmp_path / "f")
    (tmp_path / "f/broken").symlink_to("nowhere")
    result = put(tmp_path, "--follow-links", "f", server.url)
    assert result.returncode == 1
    assert [entry["relativePath"] for entry in told(server)] == [b"f/g/a", b"f/link/key"]
    assert "f/g/up: passed by: a link to a folder that it lies in" in result.stderr.decode()
    assert "f/broken: No such file or directory" in result.stderr.decode()


def test_what_cannot_be_read_in_a_folder_is_told_of_and_the_others_are_sent(server):
    # Root may read everything, so the program runs as nobody, who must be able to enter the folder.
    command = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    if subprocess.run([*command, binary(), "--version"], capture_output=True).returncode != 0:
        pytest.skip("nobody else can run the program here")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        make(folder, b"f/a", b"f/b", b"f/shut/c", b"f/z")
        os.chmod(folder + "/f/b", 0)
        os.chmod(folder + "/f/shut", 0)
        result = subprocess.run(
            [*command, binary(), "put", "--no-resume", "f", server.url], cwd=folder, capture_output=True)
        os.chmod(folder + "/f/shut", 0o700)
    assert result.returncode == 1
    assert [entry["relativePath"] for entry in told(server)] == [b"f/a", b"f/z"]
    for name in ["f/b", "f/shut"]:
        assert f"sluice put: {name}: Permission denied" in result.stderr.decode()


def test_a_file_that_goes_away_before_its_turn_is_the_others_no_matter(tmp_path, server):
    make(tmp_path, b"f/a", b"f/b", b"f/c")
    tus = server.answer

    def answer(request):
        if (tmp_path / "f/b").exists():
            (tmp_path / "f/b").unlink()
        return tus(request)

    server.answer = answer
    result = put(tmp_path, "f", server.url)
    assert result.returncode == 1
    assert failure(result) == "sluice put: f/b: No such file or directory"
    assert len(result.stdout.splitlines()) == 2


def test_an_empty_folder_is_told_of(tmp_path, server):
    (tmp_path / "f").mkdir()
    result = put(tmp_path, "f", server.url)
    assert result.returncode == 0
    assert b"f: no files in it" in result.stderr
    assert server.requests == []


def test_a_chain_of_a_thousand_folders_ends_well(tmp_path, server):
    path = os.fsencode(tmp_path) + b"/f"
    os.mkdir(path)
    for _ in range(1000):
        path += b"/d"
        os.mkdir(path)
    with open(path + b"/a", "wb"):
        pass
    try:
        result = put(tmp_path, "f", server.url)
    finally:
        # Too deep for those who remove folders by calling themselves, as pytest does.
        os.remove(path + b"/a")
        while path.endswith(b"/d"):
            os.rmdir(path)
            path = path.removesuffix(b"/d")
    assert result.returncode == 0, result.stderr
    assert [entry["filename"] for entry in told(server)] == [b"a"]


def test_several_at_once_are_told_of_in_order(tmp_path, shared):
    names = [f"f/{number:03}".encode() for number in range(60)]
    make(tmp_path, *names)
    result = put(tmp_path, "--jobs", "8", "f", shared.url)
    assert result.returncode == 0, result.stderr
    stored = [shared.finished(line).read_bytes() for line in result.stdout.decode().splitlines()]
    assert stored == [b"content of " + name for name in names]


def test_one_connection_serves_many_small_files_with_one_request_each(tmp_path, server):
    make(tmp_path, *[f"f/{number}".encode() for number in range(20)])
    result = put(tmp_path, "f", server.url)
    assert result.returncode == 0, result.stderr
    assert server.connections == 1
    assert [request.method for request in server.requests] == ["POST"] * 20
    assert not (tmp_path / "cache").exists()


def test_a_server_that_takes_no_content_with_a_creation_gets_it_behind(tmp_path):
    class Old(Tus):
        def post(self, request):
            if request.body:
                return b"HTTP/1.1 415 Unsupported Media Type\r\nContent-Length: 0\r\n\r\n"
            return super().post(request)

    tus = Old()
    server = Answering(tus)
    make(tmp_path, b"a")
    result = put(tmp_path, "a", server.url)
    assert result.returncode == 0, result.stderr
    assert tus.uploads["/files/1"] == b"content of a"
    server.close()


def test_a_server_that_ignores_the_content_of_a_creation_gets_it_behind(tmp_path):
    class Ignorant(Tus):
        def post(self, request):
            request.body = b""
            return super().post(request).replace(b"Upload-Offset: 0\r\n", b"")

    tus = Ignorant()
    server = Answering(tus)
    make(tmp_path, b"a")
    result = put(tmp_path, "a", server.url)
    assert result.returncode == 0, result.stderr
    assert tus.uploads["/files/1"] == b"content of a"
    server.close()
