"""HTTP/2: what is not the same as over HTTP/1.1, and what many streams of one connection do to each other."""

import json
import random
import socket
import ssl
import subprocess
import threading

import h2.errors
import h2.events
import h2.exceptions
import h2.settings
import hpack
import pytest

from conftest import MEBIBYTE
from exposition import Exposition
from ports import free_port
from waiting import eventually
from wire import Closed, Line1, ask, pattern
from wire2 import Line2, ask2

TUS = {"Tus-Resumable": "1.0.0"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
NO_ERROR = h2.errors.ErrorCodes.NO_ERROR


def create(port, length) -> str:
    return ask2(port, "POST", "/files", TUS | {"Upload-Length": str(length)}, b"").location


def begin(line, location, offset, length) -> int:
    return line.head("PATCH", location, PATCH | {"Upload-Offset": str(offset)}, length)


def data_size(server, location) -> int:
    path = server.data / "uploads" / location.rpartition("/")[2]
    return path.stat().st_size if path.exists() else 0


def logged(server, **fields):
    """Waits for a line of the log with these fields."""
    def found():
        lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if fields.items() <= line.items()]
    eventually(found, f"a line with {fields}")


# Which protocol is spoken


def test_alpn_offers_it_first_and_http1_still(shared):
    for offered, chosen in ((["http/1.1", "h2"], "h2"), (["h2"], "h2"), (["http/1.1"], "http/1.1"), ([], None)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if offered:
            context.set_alpn_protocols(offered)
        with socket.create_connection(("127.0.0.1", shared.tls_port)) as raw, context.wrap_socket(raw) as line:
            assert line.selected_alpn_protocol() == chosen


def test_switched_off_it_is_neither_offered_nor_understood(start):
    server = start("--http2", "off")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", server.tls_port)) as raw, context.wrap_socket(raw) as line:
        assert line.selected_alpn_protocol() == "http/1.1"
    with Line1(server.port) as line:
        line.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        answer = line.answer()
        assert (answer.status, answer.code) == (505, "version-unsupported")


@pytest.mark.parametrize("cut", [1, 3, 14, 23])
def test_the_preface_may_come_in_pieces(shared, cut):
    with socket.create_connection(("127.0.0.1", shared.port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
        line.sendall(preface[:cut])
        with pytest.raises(TimeoutError):
            line.settimeout(0.2)
            line.recv(1)
        line.settimeout(20)
        line.sendall(preface[cut:])
        # The server's SETTINGS.
        assert line.recv(9)[3] == 4


def test_methods_that_begin_like_the_preface_are_http1(shared):
    for method in ("PUT", "PRI", "PRIVATE"):
        assert ask(shared.port, method, "/healthz").status == 405


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_the_log_and_the_metrics_tell_it_apart(start, tls):
    server = start("--listen-admin", "127.0.0.1:0")
    port = server.tls_port if tls else server.port
    assert ask2(port, "GET", "/status", {"X-File-Id": "x"}, tls=tls).body == b"0"
    logged(server, path="/status", protocol="HTTP/2")
    assert ask(port, "GET", "/healthz", tls=tls).status == 200
    logged(server, path="/healthz", protocol="HTTP/1.1")


# Many streams


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_hundred_uploads_take_turns_on_one_connection(start, tls):
    server = start()
    bodies = {}
    with Line2(server.tls_port if tls else server.port, tls) as line:
        for index in range(100):
            stream = line.head("PUT", f"/files/{index}.bin", {}, 40_000 + index)
            bodies[stream] = pattern(40_000 + index, index)
        for start_byte in range(0, 40_100, 1_000):
            for stream, body in bodies.items():
                if piece := body[start_byte:start_byte + 1_000]:
                    line._owed = len(body) - start_byte
                    line.send(piece, stream)
        places = {stream: line.answer("PUT", stream).location for stream in bodies}
    for stream, body in bodies.items():
        assert server.finished(places[stream]).read_bytes() == body


def test_a_large_upload_is_stored_as_sent(start):
    server = start()
    data = pattern(40 * MEBIBYTE)
    answer = ask2(server.tls_port, "PUT", "/files/big.bin", {}, data, tls=True)
    assert answer.status == 201
    assert server.finished(answer.location).read_bytes() == data


def test_a_fence_ends_one_stream_and_no_other(start):
    server = start()
    data = pattern(2 * MEBIBYTE)
    fought, other = create(server.port, len(data)), create(server.port, len(data))
    with Line2(server.port) as line:
        older, unharmed = begin(line, fought, 0, len(data)), begin(line, other, 0, len(data))
        for stream in (older, unharmed):
            line._owed = len(data)
            line.send(data[:MEBIBYTE], stream)
        eventually(lambda: data_size(server, fought) >= MEBIBYTE and data_size(server, other) >= MEBIBYTE)
        newer = ask2(server.port, "HEAD", fought, TUS)
        assert newer.offset == MEBIBYTE
        answer = line.answer("PATCH", older)
        assert (answer.status, answer.code) == (409, "superseded")
        line.until(lambda: older in line.resets)
        assert line.resets == {older: NO_ERROR}
        line._owed = MEBIBYTE
        line.send(data[MEBIBYTE:], unharmed)
        assert line.answer("PATCH", unharmed).status == 204
    assert server.finished(other).read_bytes() == data


def test_an_early_answer_ends_the_stream_without_an_error_and_the_connection_goes_on(shared):
    location = create(shared.port, 10 * MEBIBYTE)
    with Line2(shared.port) as line:
        stream = begin(line, location, 5, 10 * MEBIBYTE)
        answer = line.answer("PATCH")
        assert (answer.status, answer.code) == (409, "wrong-offset")
        line.until(lambda: stream in line.resets)
        assert line.resets[stream] == NO_ERROR
        # Of a short body what is left is read: nothing needs to be reset.
        short = begin(line, location, 5, 1_000)
        assert line.answer("PATCH").status == 409
        line.send(bytes(1_000))
        assert line.request("HEAD", location, TUS).offset == 0
        assert short not in line.resets


def test_a_reset_stream_keeps_what_came(start):
    server = start()
    data = pattern(3 * MEBIBYTE)
    location = create(server.port, len(data))
    with Line2(server.port) as line:
        begin(line, location, 0, len(data))
        line.send(data[: 2 * MEBIBYTE])
        line.reset_stream()
        assert line.request("HEAD", location, TUS).offset == 2 * MEBIBYTE
        begin(line, location, 2 * MEBIBYTE, MEBIBYTE)
        line.send(data[2 * MEBIBYTE:])
        assert line.answer("PATCH").status == 204
    assert server.finished(location).read_bytes() == data


def test_a_stream_that_is_reset_with_its_first_content_keeps_that(start):
    server = start()
    location = create(server.port, 5000)
    with Line2(server.port) as line:
        stream = line.h2.get_next_available_stream_id()
        line.h2.send_headers(stream, [
            (":method", "PATCH"), (":scheme", "http"), (":authority", "upload.test"), (":path", location),
            *((name.lower(), value) for name, value in PATCH.items()), ("upload-offset", "0")])
        line.h2.send_data(stream, bytes(3000))
        line.h2.reset_stream(stream)
        line.raw(line.h2.data_to_send())
        eventually(lambda: line.request("HEAD", location, TUS).offset == 3000)


def test_a_broken_connection_keeps_what_came_of_every_stream(start):
    server = start()
    data = pattern(MEBIBYTE)
    locations = [create(server.port, len(data)) for _ in range(5)]
    line = Line2(server.port)
    for location in locations:
        stream = begin(line, location, 0, len(data))
        line.send(data[:300_000], stream)
    eventually(lambda: all(data_size(server, location) >= 300_000 for location in locations))
    line.reset()
    for location in locations:
        assert ask2(server.port, "HEAD", location, TUS).offset == 300_000


@pytest.mark.parametrize("sent, ends", [(5, True), (20, False)])
def test_content_that_is_not_as_long_as_it_says_is_refused(start, sent, ends):
    server = start()
    with Line2(server.port) as line:
        stream = line.head("PUT", "/files/a", {}, 10)
        line.h2.send_data(stream, bytes(sent), end_stream=ends)
        line._flush()
        line.until(lambda: stream in line.resets)
        assert line.resets[stream] == h2.errors.ErrorCodes.PROTOCOL_ERROR
        assert line.request("GET", "/healthz").status == 200
    eventually(lambda: not list((server.data / "uploads").glob("*")))
    assert server.finished_files() == []


def test_a_body_without_a_length_is_as_long_as_its_stream(shared):
    data = pattern(200_000)
    with Line2(shared.port) as line:
        line.head("PUT", "/files/streamed.bin", {"Transfer-Encoding": "chunked"})
        line.send(data)
        line.last_chunk()
        answer = line.answer("PUT")
    assert answer.status == 201
    assert shared.finished(answer.location).read_bytes() == data


def test_a_download_is_sent_as_the_client_takes_it(start):
    server = start()
    data = pattern(3 * MEBIBYTE)
    location = ask(server.port, "PUT", "/files/a.bin", {}, data).location
    with Line2(server.tls_port, tls=True) as line:
        assert line.request("GET", location).body == data
        assert line.request("GET", location, {"Range": "bytes=100-199"}).body == data[100:200]
        assert line.request("HEAD", location).fields["content-length"] == str(len(data))


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_content_between_everything_else_is_stored_as_sent(start, tls):
    """What belongs to a body is put where the disk takes it from; what comes between is not, and leaves no gap."""
    server = start()
    data, other = pattern(3 * MEBIBYTE, 1), pattern(3 * MEBIBYTE, 2)
    chance = random.Random(1)
    with Line2(server.tls_port if tls else server.port, tls) as line:
        first = line.head("PUT", "/files/a.bin", {}, len(data))
        second = line.head("PUT", "/files/b.bin", {}, len(other))
        sent = {first: 0, second: 0}
        while any(sent[stream] < len(data) for stream in sent):
            said = b""
            for _ in range(chance.randrange(1, 12)):
                stream = chance.choice([first, first, first, second])
                body, at = (data if stream == first else other), sent[stream]
                count = min(chance.choice([1, 100, 5000, 16_000]), len(body) - at)
                if count == 0 or line.h2.local_flow_control_window(stream) < 17_000:
                    continue
                ends = at + count == len(body)
                piece, sent[stream] = body[at:at + count], at + count
                if chance.random() < 0.3:
                    piece = b"\x05" + piece + bytes(5)
                    said += frame(0, 8 | ends, stream, piece)
                else:
                    said += frame(0, int(ends), stream, piece)
                line.h2.streams[stream].outbound_flow_control_window -= len(piece)
                line.h2.outbound_flow_control_window -= len(piece)
                said += chance.choice([b"", b"", frame(0xFA, 0, stream, bytes(50)), frame(6, 0, 0, bytes(8))])
            line.raw(said)
            settle(line)
        for stream, body in (first, data), (second, other):
            assert server.finished(line.answer("PUT", stream).location).read_bytes() == body


def unsent(port: int) -> int:
    """Bytes of one connection to this port that the server's system holds."""
    with open("/proc/net/tcp") as table:
        rows = [row.split() for row in table][1:]
    return max(int(row[4].split(":")[0], 16) for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "01")


def test_a_download_that_is_not_read_waits_in_little_memory(start):
    """As with HTTP/1.1: what the client's system takes, and a little more. Its windows allow everything at once."""
    server = start()
    location = ask(server.port, "PUT", "/files/a.bin", {}, bytes(64 * MEBIBYTE)).location
    with Line2(server.port) as line:
        stream = line.head("GET", location)
        line.until(lambda: line._events[stream])
        held = []
        eventually(lambda: held.append(unsent(server.port)) or len(held) > 20 and held[-1] == held[-20])
        assert held[-1] < MEBIBYTE


# Windows


def test_windows_grow_with_the_pace(start):
    server = start()
    data = pattern(48 * MEBIBYTE)
    widest = 0
    with Line2(server.port) as line:
        stream = line.head("PUT", "/files/a.bin", {}, len(data))
        for first in range(0, len(data), 1 << 16):
            line.send(data[first:first + (1 << 16)])
            widest = max(widest, line.h2.local_flow_control_window(stream))
        answer = line.answer("PUT")
    assert server.finished(answer.location).read_bytes() == data
    assert widest > 2 * MEBIBYTE


def test_a_fast_client_is_let_go_within_a_few_round_trips(start):
    """As many as HTTP/1.1 takes, and hardly one more."""
    server = start()
    data = pattern(48 * MEBIBYTE)
    location = create(server.port, len(data))
    sent, trips = 0, 0
    with Line2(server.port) as line:
        stream = begin(line, location, 0, len(data))
        while sent < len(data):
            # All that may be sent goes out, and only then anything that has come is looked at.
            size = min(line.h2.local_flow_control_window(stream), len(data) - sent)
            line.send(data[sent:sent + size])
            sent, trips = sent + size, trips + 1
            eventually(lambda: data_size(server, location) == sent or server.finished_files())
            settle(line)
        assert line.answer("PATCH").status == 204
    assert trips <= 6


def settle(line):
    """Reads all that the server has said by now."""
    acknowledged = []
    note = line._note
    line._note = lambda event: (acknowledged.append(event) if isinstance(event, h2.events.PingAckReceived) else None,
                                note(event))
    line.h2.ping(bytes(8))
    line._flush()
    line.until(lambda: acknowledged)
    line._note = note


def test_a_body_that_nobody_wants_holds_up_no_download(start):
    server = start()
    data = pattern(3 * MEBIBYTE)
    location = ask(server.port, "PUT", "/files/a.bin", {}, data).location
    with Line2(server.port) as line:
        # The content takes many words of the client, which stand behind what it sends.
        line.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 65_535})
        settle(line)
        stream = line.head("GET", location, {}, MEBIBYTE)
        line.send(bytes(80_000))
        assert line.answer("GET", stream).body == data
        line.until(lambda: stream in line.resets)
        assert line.request("GET", "/healthz").status == 200


def test_windows_stay_small_where_little_comes(shared):
    with Line2(shared.port) as line:
        stream = line.head("PUT", "/files/a.bin", {}, 10_000)
        for _ in range(100):
            line.send(bytes(100))
        assert line.answer("PUT").status == 201
        assert line.h2.local_flow_control_window(stream) <= 256 * 1024


def test_what_all_streams_hold_is_bounded(start):
    server = start("--buffer-memory", "8M")
    ask(server.port, "PUT", "/files/warm.bin", {}, pattern(MEBIBYTE))
    before = resident(server)
    lines = [Line2(server.port) for _ in range(8)]
    streams = [(line, line.head("PUT", f"/files/{index}.bin", {}, 2 * MEBIBYTE))
               for index in range(12) for line in lines]
    threads = [threading.Thread(target=send_all, args=(line, [s for other, s in streams if other is line]))
               for line in lines]
    for thread in threads:
        thread.start()
    highest = 0
    while any(thread.is_alive() for thread in threads):
        highest = max(highest, resident(server))
    for thread in threads:
        thread.join()
    for line in lines:
        line.close()
    assert len(server.finished_files()) == 1 + len(streams)
    assert highest - before < 64 * MEBIBYTE


def send_all(line, streams):
    data = bytes(2 * MEBIBYTE)
    for first in range(0, len(data), 1 << 17):
        for stream in streams:
            line._owed = len(data) - first
            line.send(data[first:first + (1 << 17)], stream)
    for stream in streams:
        assert line.answer("PUT", stream).status == 201


def resident(server) -> int:
    with open(f"/proc/{server.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


# Bounds


def test_streams_count_as_connections(start):
    server = start("--max-connections", "4")
    location = create(server.port, 1_000)
    with Line2(server.port) as line:
        streams = [begin(line, location, 0, 1_000)]
        streams += [line.head("PUT", f"/files/{index}", {}, 100) for index in range(3)]
        one_more = line.head("PUT", "/files/x", {}, 100)
        line.until(lambda: one_more in line.resets)
        assert line.resets == {one_more: h2.errors.ErrorCodes.REFUSED_STREAM}
        for stream in streams[1:]:
            line._owed = 100
            line.send(bytes(100), stream)
            assert line.answer("PUT", stream).status == 201
        # Those that have ended make room.
        assert line.request("PUT", "/files/y", {}, bytes(100)).status == 201


def test_large_heads_of_a_connection_are_so_many_at_once(start):
    """A large head is repeated by a few bytes: HPACK. It is there as long as its stream is."""
    server = start()
    large = {f"x-{index}": "v" * 3_800 for index in range(8)}
    with Line2(server.port) as line:
        streams = [line.head("PUT", f"/files/{index}", large, 1) for index in range(90)]
        line.until(lambda: len(line.resets) >= 50)
        settle(line)
        served = [stream for stream in streams if stream not in line.resets]
        assert set(line.resets.values()) == {h2.errors.ErrorCodes.REFUSED_STREAM}
        assert 20 <= len(served) <= 40
        # Others are served meanwhile, and as many large ones as have ended.
        assert line.request("GET", "/healthz").status == 200
        for stream in served:
            line._owed = 1
            line.send(b"x", stream)
            assert line.answer("PUT", stream).status == 201
        assert line.request("PUT", "/files/x", large, b"x").status == 201
        assert line.goodbye is None


def ask_and_take_back(line):
    """In one write: what was answered before it is reset is no flood."""
    stream = line.h2.get_next_available_stream_id()
    line.h2.send_headers(stream, [
        (":method", "GET"), (":scheme", "http"), (":authority", "upload.test"), (":path", "/healthz")])
    line.h2.reset_stream(stream)
    line.raw(line.h2.data_to_send())


FLOODS = {
    "rapid reset": lambda line, n: ask_and_take_back(line),
    "ping": lambda line, n: line.raw(bytes.fromhex("000008060000000000") + bytes(8)),
    "settings": lambda line, n: line.raw(bytes.fromhex("000006040000000000" "000400010000")),
    "window update": lambda line, n: line.raw(bytes.fromhex("000004080000000000" "00000001")),
    "unknown": lambda line, n: line.raw(bytes.fromhex("000001fa0000000000" "00")),
    "priority": lambda line, n: line.raw(bytes.fromhex("0000050200") + (2 * n + 1).to_bytes(4) + bytes(5)),
    "made to reset": lambda line, n: line.raw(
        bytes.fromhex("0000040800") + line.head("GET", "/healthz").to_bytes(4) + bytes.fromhex("7fffffff")),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_ends_its_connection_and_nobody_else_waits(shared, kind):
    with Line2(shared.port) as line:
        sent = 0
        try:
            while sent < 20_000 and line.goodbye is None:
                FLOODS[kind](line, sent)
                line.hear()
                sent += 1
        except (Closed, OSError, h2.exceptions.ProtocolError):
            pass
        with pytest.raises((Closed, OSError)):
            while line.goodbye is None:
                line._more()
            raise Closed
        assert line.goodbye not in (None, NO_ERROR) or sent < 20_000
    assert ask(shared.port, "GET", "/healthz").status == 200


def test_what_is_reset_at_once_is_not_begun(start):
    """To ask and to take it back costs a client next to nothing, so it must not cost the server a request."""
    server = start("--max-connections", "100")
    with Line2(server.port) as line:
        said = b""
        for _ in range(90):
            stream = line.h2.get_next_available_stream_id()
            line.h2.send_headers(stream, [
                (":method", "POST"), (":scheme", "http"), (":authority", "upload.test"), (":path", "/files"),
                ("tus-resumable", "1.0.0"), ("upload-length", "5")])
            line.h2.reset_stream(stream)
            said += line.h2.data_to_send()
        line.raw(said)
        assert line.request("GET", "/healthz").status == 200
        lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
        # What came in another read than its end may have been begun.
        assert sum(line.get("method") == "POST" for line in lines) < 10
        # None of them takes a place any more.
        streams = [line.head("PUT", f"/files/{index}", {}, 1) for index in range(90)]
        for stream in streams:
            line._owed = 1
            line.send(b"x", stream)
        assert {line.answer("PUT", stream).status for stream in streams} == {201}


@pytest.mark.parametrize("has_heard", [False, True], ids=["at once", "later"])
def test_what_is_asked_for_by_who_has_gone_is_not_carried_out(start, has_heard):
    """To ask and to go costs a client next to nothing, too."""
    admin = free_port()
    server = start("--threads", "1", "--listen-admin", f"127.0.0.1:{admin}")
    clients = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(10)]
    hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
    if has_heard:
        for client in clients:
            client.sendall(hello)
            # The server's settings, and its answer to the client's.
            heard = b""
            while frame(4, 1, 0) not in heard:
                heard += client.recv(65536)
    # None of it is seen before the client has gone.
    server.suspend()
    get = hpack.Encoder().encode(
        [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/gone")], huffman=False)
    asks = b"".join(frame(1, 5, 2 * number + 1, get) for number in range(100))
    for client in clients:
        client.sendall(asks if has_heard else hello + asks)
        client.close()
    server.proceed()
    assert ask(server.port, "GET", "/healthz").status == 200

    def have_ended():
        return Exposition(ask(admin, "GET", "/metrics").body.decode())["sluice_http2_connections", {}] == 0
    eventually(have_ended, "the end of the others")
    carried_out = server.log.read_text().count('"/gone"')
    # Where nothing was said yet that the system answers for who has gone, a few are begun.
    assert carried_out <= (len(clients) * 60 if has_heard else 0)


def test_what_has_come_of_an_upload_is_kept_though_its_client_has_gone(start):
    """It had come before anybody looked, and is more than is read in search of the preface: whatever the server says
    first is answered by a reset, and what has not been read by then is lost."""
    server = start("--threads", "1")
    location = ask(server.port, "POST", "/files", {"Tus-Resumable": "1.0.0", "Upload-Length": "1000000"}).location
    patch = hpack.Encoder().encode(
        [(":method", "PATCH"), (":scheme", "http"), (":authority", "a"), (":path", location),
         ("tus-resumable", "1.0.0"), ("upload-offset", "0"),
         ("content-type", "application/offset+octet-stream")], huffman=False)
    server.suspend()
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 4, 1, patch)
                       + frame(0, 0, 1, b"x" * 16_000) * 4)
    server.proceed()
    # Who asks for the offset is newer than what has come, and would take the upload's place from it.
    eventually(lambda: data_size(server, location) == 64_000, "what came")
    assert ask(server.port, "HEAD", location, {"Tus-Resumable": "1.0.0"}).offset == 64_000


def test_a_hundred_streams_that_say_nothing_end_by_themselves(start):
    server = start("--body-timeout", "1")
    with Line2(server.port) as line:
        streams = [line.head("PUT", f"/files/{index}", {}, 100) for index in range(100)]
        for stream in streams:
            assert line.answer("PUT", stream).status == 408
        assert line.request("GET", "/healthz").status == 200


# The end


def test_a_stop_settles_every_stream_and_tells_the_client(start):
    server = start()
    data = pattern(MEBIBYTE)
    location = create(server.port, 2 * len(data))
    line = Line2(server.port)
    stream = begin(line, location, 0, 2 * len(data))
    line.send(data)
    eventually(lambda: data_size(server, location) >= len(data))
    goodbyes = []
    note = line._note
    line._note = lambda event: (goodbyes.append(event.last_stream_id) if hasattr(event, "last_stream_id") else None,
                                note(event))
    server.terminate()
    answer = line.answer("PATCH", stream)
    assert (answer.status, answer.code) == (503, "stopping")
    with pytest.raises(Closed):
        while True:
            line._more()
    # First that nothing more may begin, then what was heard.
    assert goodbyes == [(1 << 31) - 1, stream]
    assert server.wait() == 0
    server.start()
    assert ask2(server.port, "HEAD", location, TUS).offset == len(data)


def test_who_watches_an_upload_hears_of_a_stop_as_of_the_end_of_what_is_told(start):
    server = start()
    location = create(server.port, 10)
    with Line2(server.port) as line:
        stream = line.head("GET", f"{location}/events", {"Accept": "text/event-stream"})
        # The answer has begun.
        while not line._events[stream]:
            line._more()
        server.terminate()
        answer = line.answer("GET", stream)
    assert answer.status == 200 and answer.body.endswith(b":\n\n")
    assert server.wait() == 0


def test_an_idle_connection_is_told_of_a_stop(start):
    server = start()
    with Line2(server.port) as line:
        assert line.request("GET", "/healthz").status == 200
        server.terminate()
        with pytest.raises(Closed):
            while True:
                line._more()
    assert server.wait() == 0


# Other people's programs


def test_curl_by_alpn_and_by_prior_knowledge(start, files):
    server = start()
    file = files("a.bin", 3 * MEBIBYTE)
    for options, url in (["--http2", "-k"], server.tls_url), (["--http2-prior-knowledge"], server.url):
        done = subprocess.run(
            ["curl", "-sS", *options, "-T", file, "-w", "%{http_version} %{http_code}", "-o", "/dev/null",
             url + "files/"], capture_output=True, text=True, check=True)
        assert done.stdout == "2 201"
    assert all(path.read_bytes() == file.read_bytes() for path in server.finished_files())
    assert len(server.finished_files()) == 2


def test_curl_sends_a_form(start, files):
    server = start()
    file = files("a.bin", 200_000)
    done = subprocess.run(
        ["curl", "-sS", "--http2-prior-knowledge", "-F", f"file=@{file}", server.url + "files"],
        capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[0]["size"] == 200_000


def test_nghttp_and_h2load(start, files):
    server = start()
    file = files("a.bin", 100_000)
    done = subprocess.run(
        ["nghttp", "-v", "-d", file, "-H", ":method: PUT", server.tls_url + "files/a.bin"],
        capture_output=True, text=True, timeout=60)
    assert ":status: 201" in done.stdout
    assert server.finished_files()[0].read_bytes() == file.read_bytes()
    done = subprocess.run(
        ["h2load", "-n", "300", "-c", "3", "-m", "20", "-d", file, server.tls_url + "files/"],
        capture_output=True, text=True, timeout=80)
    assert "300 succeeded, 0 failed, 0 errored" in done.stdout
    assert len(server.finished_files()) == 301


def test_who_breaks_the_rules_and_goes_in_one_breath_leaves_nothing_behind(start):
    server = start()
    get = [(":method", "GET"), (":scheme", "http"), (":authority", "a"), (":path", "/healthz")]
    put = [(":method", "PUT"), (":scheme", "http"), (":authority", "a"), (":path", "/files/a"),
           ("content-length", "128")]
    said = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
    for stream, fields, flags in [(1, get, 5), (3, put, 4)]:
        said += frame(1, flags, stream, hpack.Encoder().encode(fields, huffman=False))
    # Content of no stream ends the connection.
    said += frame(0, 0, 0)
    for _ in range(200):
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.sendall(said)
            client.shutdown(socket.SHUT_WR)
            try:
                while client.recv(65536):
                    pass
            except ConnectionResetError:
                pass
