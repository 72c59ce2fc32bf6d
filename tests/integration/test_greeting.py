"""Ports that are mistaken for others: who speaks something else is turned away at once, and the log says why."""

import contextlib
import itertools
import socket
import ssl
import time

import pytest

import certificates
from faulty import Scripted
from gateway import ZONE, Connection, Gateway, config_text, target, zone_setting
from process import LOOPBACK, free_port, wait_until

CLEAR, SECURE, PROXIED, SECURE_PROXIED = (f"127.0.0.{n}" for n in (1, 2, 3, 4))
HOST = f"www.{ZONE}"
HELLO = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(190)
V2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes([192, 0, 2, 1, 192, 0, 2, 2, 18, 52, 0, 80])
REQUEST = b"GET /myip HTTP/1.1\r\nHost: x\r\n\r\n"


clients = itertools.count(1)


def named(value):
    """A part of a test's name."""
    return ascii(value)[:20]


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


def config(primary, **options):
    return config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], **options)


@pytest.fixture(scope="module")
def front(primary, tmp_path_factory):
    certificate = certificates.make(tmp_path_factory.mktemp("certificates")).setting
    admin = free_port()
    listen = (CLEAR, {"address": SECURE, "certificates": [certificate]},
              {"address": PROXIED, "proxy_protocol": True},
              {"address": SECURE_PROXIED, "proxy_protocol": True, "certificates": [certificate]})
    gateway = Gateway(config(primary, trusted_proxies=["127.0.0.8"], admin_listen=f"{LOOPBACK}:{admin}",
                             idle_timeout_s=60), listen=listen)
    with contextlib.closing(gateway.start()):
        gateway.admin = admin
        yield gateway


def refusals(front, words):
    return [line for line in front.log.splitlines() if "event=connection-refused" in line and words in line]


def turned_away(front, words, octets, preface=b"", port=None, **how):
    """Within a second, and with one line in the log at info, whatever the timeouts are. Each time it is another client,
    because the log only counts what one does again."""
    before = len(refusals(front, words))
    how.setdefault("source", f"127.0.2.{next(clients)}")
    with Connection(port or front.port, preface=preface, **how) as connection:
        connection.stream.settimeout(1)
        connection.send(octets)
        if not connection.at_end():
            return False
    lines = refusals(front, words)
    return len(lines) == before + 1 and " level=info " in lines[-1] and " source=" in lines[-1]


@pytest.mark.parametrize("octets", [HELLO, HELLO[:3], HELLO[:1], b"\x80\x2e\x01\x03\x01" + bytes(40)], ids=named)
def test_a_tls_hello_on_a_clear_port(front, octets):
    assert turned_away(front, "speaks TLS", octets)


def test_a_tls_client_on_a_clear_port_gives_up_at_once(front):
    start = time.monotonic()
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        front.ask("GET", "/myip", tls=certificates.client())
    assert time.monotonic() - start < 1


def test_a_tls_hello_on_the_admin_port(front):
    assert turned_away(front, "speaks TLS", HELLO, port=front.admin)


@pytest.mark.parametrize("octets", [REQUEST, b"G", b"OPTIONS * HTTP/1.0\r\n\r\n", b"SSH-2.0-x\r\n"], ids=named)
def test_http_on_a_port_for_tls(front, octets):
    assert turned_away(front, "speaks HTTP without TLS", octets, address=SECURE)


@pytest.mark.parametrize("octets, words", [(b"\x00\x1d\x12\x34\x01", "does not speak"), (b"\x15\x03\x01", "does not speak"),
                                           (V2 + REQUEST, "PROXY header"),
                                           (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + REQUEST, "PROXY header")], ids=named)
@pytest.mark.parametrize("address", [CLEAR, SECURE])
def test_what_is_neither(front, address, octets, words):
    assert turned_away(front, words, octets, address=address)


@pytest.mark.parametrize("address, words, octets", [(PROXIED, "speaks TLS", HELLO), (PROXIED, "PROXY header", V2),
                                                    (SECURE_PROXIED, "speaks HTTP", REQUEST)], ids=named)
def test_the_same_behind_a_proxy(front, address, words, octets):
    assert turned_away(front, words, octets, preface=V2, address=address, source="127.0.0.8")
    assert "source=192.0.2.1 " in refusals(front, words)[-1]


def test_who_only_connects_is_no_refusal(front):
    before = len(refusals(front, ""))
    for address in (CLEAR, SECURE):
        with Connection(front.port, address=address):
            pass
    assert front.ask("GET", "/myip").status == 200
    assert len(refusals(front, "")) == before


def test_empty_lines_before_a_request_are_fine(front):
    for octets in (b"\r\n\r\n", b"\n"):
        with front.connect() as connection:
            connection.send(octets)
            time.sleep(0.05)
            connection.send(REQUEST)
            assert connection.answer().status == 200


def test_who_says_nothing_is_cut_off_and_holds_nobody_up(gateway, primary):
    front = gateway(config(primary, idle_timeout_s=1))
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(front.connect()) for _ in range(20)]
        assert front.ask("GET", "/myip").status == 200
        start = time.monotonic()
        assert all(connection.at_end() for connection in silent)
        assert time.monotonic() - start < 3


def test_at_the_end_requests_that_have_come_are_answered_and_the_silent_cut_off(gateway, scripted):
    """A stopped process accepts nothing; what is in its sockets when it goes on and is to end, it must find."""
    primary = scripted()
    front = gateway(config(primary, idle_timeout_s=60))
    with contextlib.ExitStack() as stack:
        silent, speaking = ([stack.enter_context(front.connect()) for _ in range(5)] for _ in range(2))
        assert front.ask("GET", "/myip").status == 200
        front.signal("SIGSTOP")
        late = [stack.enter_context(front.connect()) for _ in range(5)]
        for connection in speaking + late:
            connection.request("GET", target(HOST, "192.0.2.1"))
        front.signal("SIGTERM")
        front.signal("SIGCONT")
        for connection in speaking + late:
            assert connection.answer().code == "OK"
        assert all(connection.at_end() for connection in silent)
        front.finish()


def test_a_listener_that_is_removed_ends_its_silent_connections(gateway, primary):
    front = gateway(config(primary, idle_timeout_s=60), listen=(CLEAR, "127.0.0.5"))
    with front.connect(address="127.0.0.5") as connection:
        assert front.ask("GET", "/myip").status == 200
        front.listen = (CLEAR,)
        front.write_config()
        front.signal("SIGHUP")
        connection.stream.settimeout(2)
        assert connection.at_end()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.5", front.port))
    assert wait_until(lambda: "event=reloaded" in front.log)
