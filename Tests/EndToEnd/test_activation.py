"""Under a service manager: sockets that are handed over, and what the server tells."""

import os
import socket

import pytest

from activator import Activator, listening
from file_id import status
from wire import ask


@pytest.fixture
def manage(tmp_path):
    """Makes a service manager: manage({"http": listening()}, "--no-download")."""
    made = []

    def make(sockets, *options, **settings):
        directory = tmp_path / str(len(made))
        directory.mkdir()
        made.append(Activator(directory, sockets, *options, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()
        print(one.log_tail())


def refused(activator, **settings) -> str:
    """The message with which the server refuses to start."""
    activator.launch(**settings)
    assert activator.wait() == 2
    [line] = activator.log.read_text().splitlines()
    return line


def test_names_say_which_socket_is_which(manage):
    site = manage({"admin": listening(), "https": listening(), "http": listening()})
    site.start()
    assert status(site.port("http"), "a") == 0
    assert status(site.port("https"), "a", tls=True) == 0
    assert ask(site.port("admin"), "GET", "/metrics").status == 200
    assert ask(site.port("http"), "GET", "/metrics").status == 404


@pytest.mark.parametrize("names", [":", "sluice.socket:sluice.socket"])
def test_without_names_of_ours_the_order_says_it(manage, names):
    site = manage({"first": listening(), "second": listening()})
    site.launch(names=names)
    site.told_until("READY")
    assert status(site.port("first"), "a") == 0
    assert status(site.port("second"), "a", tls=True) == 0


def test_one_name_may_stand_for_several_sockets(manage):
    site = manage({"http": listening(), "also": listening()})
    site.launch(names="http:http")
    site.told_until("READY")
    assert status(site.port("http"), "a") == status(site.port("also"), "a") == 0


def test_the_addresses_of_the_options_are_not_bound_beside_inherited_ones(manage):
    taken = listening()
    site = manage({"http": listening()}, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    site.start()
    assert status(site.port("http"), "a") == 0
    assert "these options not" in site.log.read_text() and "--listen" in site.log.read_text()
    taken.close()


@pytest.mark.parametrize("kind, complaint", [
    ("datagram", "not a stream socket"), ("connected", "not a listening socket"), ("unix", "not a TCP socket"),
    ("file", "Socket operation on non-socket"),
])
def test_what_is_no_listening_tcp_socket_is_refused(manage, tmp_path, kind, complaint):
    if kind == "datagram":
        wrong = listening(kind=socket.SOCK_DGRAM)
    elif kind == "connected":
        wrong, _ = socket.socketpair()
    elif kind == "unix":
        wrong = socket.socket(socket.AF_UNIX)
        wrong.bind(str(tmp_path / "unix"))
        wrong.listen()
    else:
        wrong = (tmp_path / "file").open("wb")
    line = refused(manage({"http": wrong}))
    assert complaint in line and "descriptor 3 (http)" in line


def test_a_name_that_is_not_known_beside_one_that_is_is_refused(manage):
    assert "mail" in refused(manage({"http": listening(), "mail": listening()}))


@pytest.mark.parametrize("count", ["-1", "many", "65"])
def test_a_count_that_makes_no_sense_is_refused(manage, count):
    site = manage({"http": listening()})
    site.environment["LISTEN_FDS"] = count
    assert "LISTEN_FDS" in refused(site)


def test_fewer_names_than_sockets_are_refused(manage):
    assert "LISTEN_FDNAMES" in refused(manage({"http": listening(), "https": listening()}), names="http")


def test_tls_beyond_this_machine_takes_a_certificate_on_an_inherited_socket_too(manage):
    assert "--tls-cert" in refused(manage({"https": listening(("0.0.0.0", 0))}))


def test_sockets_that_were_meant_for_another_process_are_left_alone(manage):
    site = manage({"http": listening()}, "--listen", "127.0.0.1:0", "--listen-tls", "")
    site.launch(listen_pid="1")
    site.told_until("READY")
    line = site.process.stdout.readline().decode()
    port = int(line.strip().rstrip("/").rpartition(":")[2])
    assert port != site.port("http") and status(port, "a") == 0


def test_the_sockets_are_close_on_exec_and_the_variables_are_gone(manage):
    site = manage({"http": listening()})
    site.start()
    numbers = os.listdir(f"/proc/{site.process.pid}/fdinfo")
    flags = {}
    for number in numbers:
        with open(f"/proc/{site.process.pid}/fdinfo/{number}") as info:
            flags[int(number)] = int(next(line for line in info if line.startswith("flags:")).split()[1], 8)
    assert all(value & os.O_CLOEXEC for number, value in flags.items() if number > 2), flags
    assert flags[3] & os.O_NONBLOCK


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_is_told_of_start_reload_and_stop(manage, abstract):
    site = manage({"http": listening()}, abstract=abstract)
    site.launch()
    started = site.told()
    assert started["READY"] == "1" and str(site.port("http")) in started["STATUS"]
    site.hang_up()
    reloading = site.told()
    assert reloading["RELOADING"] == "1" and int(reloading["MONOTONIC_USEC"]) > 0
    assert site.told() == {"READY": "1"}
    site.terminate()
    stopping = site.told()
    assert stopping["STOPPING"] == "1" and int(stopping["EXTEND_TIMEOUT_USEC"]) > 30_000_000
    assert site.wait() == 0


def test_the_watchdog_hears_of_living_loops_and_of_no_others(manage):
    site = manage({"http": listening()}, "--threads", "2")
    site.environment["WATCHDOG_USEC"] = "300000"
    site.start()
    for _ in range(5):
        assert site.told() == {"WATCHDOG": "1"}
    # One loop of two is held up as a bug would: its thread stands still, every other one runs.
    loop = next(thread for thread in os.listdir(f"/proc/{site.process.pid}/task")
                if open(f"/proc/{site.process.pid}/task/{thread}/comm").read() == "loop-1\n")
    with Held(int(loop)):
        site._notify.settimeout(2)
        with pytest.raises(TimeoutError):
            while True:
                site.told()
    site._notify.settimeout(10)
    assert site.told() == {"WATCHDOG": "1"}


def test_a_watchdog_that_waits_for_another_process_hears_nothing(manage):
    site = manage({"http": listening()})
    site.environment.update(WATCHDOG_USEC="100000", WATCHDOG_PID="1")
    site.start()
    site._notify.settimeout(1)
    with pytest.raises(TimeoutError):
        site.told()


class Held:
    """Stops one thread of a process, by tracing it."""

    def __init__(self, thread: int):
        self.thread = thread

    def __enter__(self):
        import ctypes
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        attach, interrupt = 0x4206, 0x4207  # PTRACE_SEIZE, PTRACE_INTERRUPT
        for request in (attach, interrupt):
            if self._libc.ptrace(request, self.thread, None, None) != 0:
                pytest.skip(f"this machine lets nobody hold a thread: {os.strerror(ctypes.get_errno())}")
        os.waitpid(self.thread, 0x40000000)  # __WALL

    def __exit__(self, *_):
        self._libc.ptrace(17, self.thread, None, None)  # PTRACE_DETACH


def test_the_proxy_protocol_is_spoken_at_a_socket_that_was_handed_over(manage):
    listener = listening()
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    server = manage({"http": listener}, "--proxy-protocol", address, "--trusted-proxy", "127.0.0.1")
    server.start()
    with socket.create_connection(listener.getsockname(), 30) as line:
        line.sendall(b"PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\nGET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
    with socket.create_connection(listener.getsockname(), 30) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        try:
            assert line.recv(4096) == b""
        except ConnectionError:
            pass


def test_the_proxy_protocol_at_an_address_that_no_socket_has_ends_the_start(manage):
    # The option's own address is listened at no more.
    server = manage({"http": listening()}, "--proxy-protocol", "127.0.0.1:8080", "--trusted-proxy", "127.0.0.1")
    told = "--proxy-protocol 127.0.0.1:8080 is no address of the sockets that were handed over: 127.0.0.1:"
    assert told in refused(server)


def test_an_empty_address_of_the_manager_is_none(manage):
    site = manage({"http": listening()})
    site.environment["NOTIFY_SOCKET"] = ""
    site.launch()
    with socket.create_connection(("127.0.0.1", site.port("http")), 30) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        assert line.recv(4096).startswith(b"HTTP/1.1 200")
