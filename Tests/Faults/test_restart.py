"""
A restart that nobody notices: the listening sockets stay open, 1,000 appends in flight are settled, their clients go on
where they were, and whoever comes meanwhile waits and is served.
"""

import asyncio
import hashlib
import ssl
import time

import pytest

from activator import Activator, listening
from exposition import Exposition
from file_id import status
from wire import ask

UPLOADS = 1_000
HALF_BYTES = 48 << 10
# What the server gives itself to settle and to let downloads end (docs/operating.md, "Stopping").
DRAIN_SECONDS = 30
PIECE_BYTES = 16 << 10
DOWNLOAD_BYTES = 48 << 20
# One process plays all clients: so many of them talk at a time, so that none is late by the others' doing.
CLIENTS_AT_ONCE = 50

# Made once: it takes longer than a handshake.
TRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
TRUSTING.check_hostname = False
TRUSTING.verify_mode = ssl.CERT_NONE


@pytest.fixture
def site(tmp_path):
    sockets = {name: listening() for name in ("http", "https", "admin")}
    activator = Activator(tmp_path, sockets)
    activator.start()
    yield activator
    activator.close()
    print(activator.log_tail())


def metrics(site) -> Exposition:
    return Exposition(ask(site.port("admin"), "GET", "/metrics").body.decode())


class Conversation:
    """One connection, by hand: one request after another."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, site, tls):
        port = site.port("https" if tls else "http")
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=TRUSTING if tls else None))

    def head(self, method, target, **fields):
        lines = [f"{method} {target} HTTP/1.1", "Host: a"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def answer(self):
        """Status, fields and body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return int(head[0].split()[1]), fields, await self.reader.readexactly(int(fields["content-length"]))

    async def close(self):
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass


class Uploader:
    """Sends half of its file, waits until the server stops, then goes on with whichever server there is."""

    def __init__(self, site, number):
        self.site, self.tls = site, number % 2 == 1
        self.data = hashlib.shake_256(str(number).encode()).digest(2 * HALF_BYTES - number)
        self.id = f"file{number}-{len(self.data)}-1"
        self.settled_seconds = 0.0
        self.resent = 0

    async def begin(self, start):
        conversation = await Conversation.open(self.site, self.tls)
        conversation.head("POST", "/upload", X_File_Id=self.id, X_Start_Byte=start,
                          Content_Length=len(self.data) - start)
        return conversation

    async def ask(self):
        conversation = await Conversation.open(self.site, self.tls)
        conversation.head("GET", "/status", X_File_Id=self.id)
        code, _, body = await conversation.answer()
        await conversation.close()
        assert code == 200
        return int(body)

    async def send_half(self, turn):
        async with turn:
            self.first = await self.begin(0)
            self.first.writer.write(self.data[:HALF_BYTES])
            await self.first.writer.drain()

    async def finish(self, terminated, turn):
        code, fields, _ = await self.first.answer()
        self.settled_seconds = time.monotonic() - terminated
        assert (code, fields["x-error-code"], fields["connection"]) == (503, "stopping", "close")
        await self.first.close()
        async with turn:
            # 503: the request came to the old server's last moment.
            while (code := await self.go_on()) == 503:
                pass
        assert code == 200

    async def go_on(self):
        start = await self.ask()
        self.resent += HALF_BYTES - start
        last = await self.begin(start)
        last.writer.write(self.data[start:])
        await last.writer.drain()
        code, _, _ = await last.answer()
        await last.close()
        return code


async def come_and_go(site, until, tls):
    """New clients all the while, each with a connection of its own: all are answered."""
    answers = []
    while not until.is_set():
        visitor = await Conversation.open(site, tls)
        body = b"hello" if len(answers) % 2 else b""
        if body:
            visitor.head("PUT", "/files/visitor", Content_Length=len(body))
            visitor.writer.write(body)
        else:
            visitor.head("GET", "/status", X_File_Id="nobody")
        answers.append((await visitor.answer())[0])
        await visitor.close()
    return answers


@pytest.mark.seconds(300)
def test_a_restart_with_1000_appends_in_flight_loses_nobody_and_nothing(site):
    uploaders = [Uploader(site, number) for number in range(UPLOADS)]

    async def run():
        turn = asyncio.Semaphore(CLIENTS_AT_ONCE)
        await asyncio.gather(*(uploader.send_half(turn) for uploader in uploaders))
        while (await asyncio.to_thread(metrics, site))["sluice_received_bytes_total"] < UPLOADS * HALF_BYTES:
            await asyncio.sleep(0.01)
        over = asyncio.Event()
        visitors = [asyncio.create_task(come_and_go(site, over, tls)) for tls in (False, True)]
        terminated = time.monotonic()
        site.terminate()
        finishing = [asyncio.create_task(uploader.finish(terminated, turn)) for uploader in uploaders]
        assert await asyncio.to_thread(site.wait, DRAIN_SECONDS + 10) == 0
        exited = time.monotonic() - terminated
        await asyncio.to_thread(site.start)
        ready = time.monotonic() - terminated
        await asyncio.gather(*finishing)
        over.set()
        answers = sum(await asyncio.gather(*visitors), [])
        return exited, ready, answers

    exited, ready, answers = asyncio.run(run())
    settled = max(uploader.settled_seconds for uploader in uploaders)
    print(f"\n{UPLOADS} appends settled and told after {settled:.2f} s, exit after {exited:.2f} s, "
          f"ready again after {ready:.2f} s; {len(answers)} visitors meanwhile, "
          f"{sum(1 for answer in answers if answer == 503)} of them were asked to come again")
    assert exited < DRAIN_SECONDS
    assert sum(uploader.resent for uploader in uploaders) == 0, "settled bytes had to be sent again"
    assert set(answers) <= {200, 201, 503} and 200 in answers and 201 in answers
    stored = {path.name: path for path in (site.data / "complete").glob("*/*")}
    for uploader in uploaders:
        name = uploader.id.rsplit("-", 2)[0]
        assert hashlib.sha256(stored[name].read_bytes()).digest() == hashlib.sha256(uploader.data).digest(), name


@pytest.mark.parametrize("tls", [False, True])
def test_a_download_under_way_comes_to_its_end_while_the_server_stops(site, tls):
    data = hashlib.shake_256(b"download").digest(1 << 20) * (DOWNLOAD_BYTES >> 20)
    created = ask(site.port("http"), "PUT", "/files/big", {}, data)

    async def run():
        client = await Conversation.open(site, tls)
        client.head("GET", created.location)
        await client.reader.readuntil(b"\r\n\r\n")
        got = hashlib.sha256(await client.reader.readexactly(PIECE_BYTES))
        site.terminate()
        while True:
            # Drained, and says so, to whoever looks after it.
            try:
                ready = await asyncio.to_thread(ask, site.port("admin"), "GET", "/readyz")
            except OSError:
                break
            if ready.status == 503:
                assert ready.code == "not-ready"
                break
        left = DOWNLOAD_BYTES - PIECE_BYTES
        while left:
            piece = await client.reader.read(PIECE_BYTES)
            assert piece, f"{left} bytes are missing"
            got.update(piece)
            left -= len(piece)
        await client.close()
        return got.digest()

    assert asyncio.run(run()) == hashlib.sha256(data).digest()
    assert site.wait(DRAIN_SECONDS + 10) == 0


def test_a_kept_alive_connection_learns_of_the_stop_by_connection_close(site):
    """The request that was on its way when the server was told to stop is answered, and is the last one."""

    async def run():
        slow = await Conversation.open(site, False)
        slow.head("GET", "/status", X_File_Id="a")
        assert (await slow.answer())[1].get("connection") is None
        slow.writer.write(b"GET /status HTTP/1.1\r\nHost: a\r\nX-File")
        fresh = await Conversation.open(site, False)
        while metrics(site)["sluice_connections", {"listener": "http"}] < 2:
            pass
        site.terminate()
        await asyncio.to_thread(site.told_until, "STOPPING")
        slow.writer.write(b"-Id: a\r\n\r\n")
        fresh.head("GET", "/status", X_File_Id="b")
        for client in (slow, fresh):
            code, fields, body = await client.answer()
            assert (code, body, fields["connection"]) == (200, b"0", "close")
            assert await client.reader.read() == b""
            await client.close()

    asyncio.run(run())
    assert site.wait(DRAIN_SECONDS + 10) == 0


def test_who_comes_while_no_server_is_there_waits_and_is_served(site):
    site.terminate()
    assert site.wait(DRAIN_SECONDS + 10) == 0

    async def run():
        waiting = [await Conversation.open(site, False) for _ in range(50)]
        for client in waiting:
            client.head("GET", "/status", X_File_Id="a")
        await asyncio.to_thread(site.start)
        for client in waiting:
            assert (await client.answer())[0] == 200
            await client.close()

    asyncio.run(run())
    assert status(site.port("https"), "a", tls=True) == 0
