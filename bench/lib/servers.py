"""The servers of the comparison. Each takes `PUT /files/<name>` and leaves the file below its data directory."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lib import machine

START_SECONDS = 60
STOP_SECONDS = 60


@dataclass
class Workplace:
    """Where a server runs: an empty directory for uploads, one for its configuration and log, and a certificate."""
    data: Path
    run: Path
    certificate: Path
    key: Path

    @staticmethod
    def make_certificate(directory: Path) -> tuple[Path, Path]:
        """A certificate for every server of a sitting, so that all of them shake hands at the same price."""
        certificate, key = directory / "certificate.pem", directory / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
        return certificate, key


class Running:
    """A server process that answers at `url`. Use it in a `with`, which ends it."""

    def __init__(self, command: Sequence[str], log: Path, url: str | None, wire: str, *, cores: Sequence[int],
                 processes: int = 1):
        """Without a `url` the server announces its addresses on standard output, one a line."""
        self.log = log
        self._processes = processes
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [*machine.on_core(*cores), *command], stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            self.url = url if url is not None else self._announced("https:" if wire == "TLS" else "http:")
            self._wait_until_it_listens()
            # A server that prints more must not fill the pipe.
            threading.Thread(target=self.process.stdout.read, daemon=True).start()
        except BaseException:
            self.process.kill()
            raise

    @property
    def pids(self) -> list[int]:
        return machine.family(self.process.pid)

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.url.rstrip("/").rpartition("/")[2].rpartition(":")
        return host, int(port)

    def stop(self) -> None:
        """SIGTERM. A server that does not end well has failed; one that ends by that signal has not."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(STOP_SECONDS) not in (0, -signal.SIGTERM):
            raise RuntimeError(f"{self.process.args} ended with {self.process.returncode}: {self.log_tail()}")

    def log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-3:])

    def __enter__(self) -> Running:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self.stop()
        finally:
            # nginx's worker would outlive a master that is killed.
            for pid in self.pids if self.process.poll() is None else []:
                os.kill(pid, signal.SIGKILL)
            self.process.wait()
            self.process.stdout.close()

    def _announced(self, scheme: str) -> str:
        while line := self.process.stdout.readline():
            if line.startswith(scheme):
                return line.strip().rstrip("/")
        raise RuntimeError(f"the server did not start: {self.log_tail()}")

    def _wait_until_it_listens(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(self.address, 1).close()
                # A master listens before its workers are there.
                if len(self.pids) >= self._processes:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.process.args} does not listen: {self.log_tail()}")
            time.sleep(0.01)


@dataclass(frozen=True)
class Server:
    """A row's server: how it is called, how it starts, and how the generator speaks to it."""
    name: str
    start: Callable[[Workplace, str], Running]
    dialect: str = "put"
    # Where it makes no difference it is left out: memory needs no sync, no thread that waits, and has no other cache.
    places: tuple[str, ...] = ("disk", "memory")


def start_sluice(
    at: Workplace, wire: str, *options: str, threads: int = 1, address: str = "127.0.0.1",
    program: Sequence[str] = (str(machine.RELEASE / "sluice"),),
) -> Running:
    """Sluice, on one core with one loop, on two with two."""
    listen = {"--listen": "", "--listen-tls": ""}
    listen["--listen-tls" if wire == "TLS" else "--listen"] = f"{address}:0"
    cores = [machine.SERVER_CORE] if threads == 1 else [machine.SERVER_CORE, machine.GENERATOR_CORE]
    command = [*program, "serve", *(part for pair in listen.items() for part in pair),
               "--tls-cert", str(at.certificate), "--tls-key", str(at.key), "--data", str(at.data),
               "--threads", str(threads), *options]
    return Running(command, at.run / "sluice.log", None, wire, cores=cores)


def _sluice(durability: str) -> Callable[[Workplace, str], Running]:
    return lambda at, wire: start_sluice(at, wire, "--durability", durability)


def _floor(*options: str) -> Callable[[Workplace, str], Running]:
    def start(at: Workplace, wire: str) -> Running:
        tls = ["--cert", str(at.certificate), "--key", str(at.key)] if wire == "TLS" else []
        return Running([str(machine.FLOOR / "floor"), "--data", str(at.data), *options, *tls], at.run / "floor.log",
                       None, wire, cores=[machine.SERVER_CORE])
    return start


def _nginx(body_buffer: str) -> Callable[[Workplace, str], Running]:
    return lambda at, wire: start_nginx(at, wire, body_buffer)


def start_nginx(
    at: Workplace, wire: str, body_buffer: str = "1m", *, address: str = "127.0.0.1", http2: bool = False,
    more: str = "",
) -> Running:
    """nginx with one worker and its WebDAV module. It receives a body into a file of its own, then renames it. `more`
    goes into its `http` block."""
    port = free_port()
    tls = f"""
        ssl_certificate {at.certificate};
        ssl_certificate_key {at.key};
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;""" if wire == "TLS" else ""
    configuration = at.run / "nginx.conf"
    configuration.write_text(f"""
user root;
daemon off;
worker_processes 1;
worker_rlimit_nofile {machine.OPEN_FILES};
pid {at.run}/nginx.pid;
error_log {at.run}/nginx.log;
events {{ worker_connections 16384; }}
http {{
    access_log {at.run}/access.log;
    client_max_body_size 0;
    client_body_buffer_size {body_buffer};
    client_body_temp_path {at.data}/temporary;
    keepalive_requests 1000000000;
    keepalive_timeout 600;
    {more}
    server {{
        listen {address}:{port}{" ssl" if tls else ""}{" http2" if http2 else ""};{tls}
        location /files/ {{
            root {at.data};
            dav_methods PUT;
            create_full_put_path on;
        }}
        location = /status {{
            default_type text/plain;
            return 200 0;
        }}
    }}
}}
""")
    command = [machine.NGINX, "-c", str(configuration), "-p", str(at.run), "-e", str(at.run / "nginx.log")]
    return Running(command, at.run / "nginx.log", _url(wire, port, address), wire, cores=[machine.SERVER_CORE],
                   processes=2)


def _peer(program: str) -> Callable[[Workplace, str], Running]:
    def start(at: Workplace, wire: str) -> Running:
        port = free_port()
        tls = ["--cert", str(at.certificate), "--key", str(at.key)] if wire == "TLS" else []
        command = [str(machine.PEERS / program), "--port", str(port), "--data", str(at.data), *tls]
        return Running(command, at.run / f"{program}.log", _url(wire, port), wire, cores=[machine.SERVER_CORE])
    return start


def _url(wire: str, port: int, address: str = "127.0.0.1") -> str:
    return f"{'https' if wire == 'TLS' else 'http'}://{address}:{port}"


def free_port() -> int:
    """A port that nobody listens on, for servers that cannot choose one themselves."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


SERVERS = [
    Server("sluice", _sluice("process"), "plain"),
    Server("sluice power", _sluice("power"), "plain", places=("disk",)),
    Server("floor inline", _floor("--write", "inline")),
    Server("floor threaded", _floor("--write", "threaded"), places=("disk",)),
    Server("floor synced", _floor("--write", "threaded", "--sync"), places=("disk",)),
    Server("floor buffered", _floor("--write", "buffered"), places=("disk",)),
    Server("nginx 1 MiB", _nginx("1m")),
    Server("nginx 16 KiB", _nginx("16k")),
    Server("hummingbird", _peer("HummingbirdPeer")),
    Server("nio resumable", _peer("NIOResumableUploadPeer")),
]


def in_order(names: Iterable[str]) -> list[str]:
    """Each server once, as they stand above, however the rounds took them."""
    known = [server.name for server in SERVERS]
    return sorted(set(names), key=lambda name: known.index(name) if name in known else len(known))
