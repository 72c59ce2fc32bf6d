"""What is turned away before it is a request, or is none of ours: the log says from where and why, the metrics how
often."""

import contextlib
import re
import ssl
import struct
import warnings

import pytest

import certificates
from faulty import Scripted
from gateway import ZONE, Connection, config_text, zone_setting
from process import LOOPBACK, free_port, wait_until
from prometheus import Metrics
from test_https import hello

V = ssl.TLSVersion
CLOSED_HELLO = struct.pack("!BHH", 22, 0x0301, 200)  # a record of which nothing follows


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


class Watched:
    def __init__(self, gateway, admin):
        self.gateway, self.admin = gateway, admin

    def counts(self, name):
        """By its one label."""
        with Connection(self.admin) as connection:
            connection.request("GET", "/metrics", host=f"{LOOPBACK}:{self.admin}")
            family = Metrics(connection.answer().text).families[name]
        return {value: int(count) for (_, labels), count in family.samples.items() for _, value in labels}

    def events(self, name):
        return [line for line in self.gateway.log.splitlines() if f" event={name} " in line]


@pytest.fixture
def watched(gateway, primary, certificate):
    def make(**options):
        admin = free_port()
        listen = ({"certificates": [certificate.setting]}, "127.0.0.2")
        text = config_text([zone_setting(ZONE, primary, primary.key)], [primary.key],
                           admin_listen=f"{LOOPBACK}:{admin}", **options)
        return Watched(gateway(text, listen=listen), admin)
    return make


def distrusting(version):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.minimum_version = context.maximum_version = version
    return context


def handshake(watched, context):
    with pytest.raises((ssl.SSLError, ConnectionResetError, BrokenPipeError)):
        watched.gateway.ask("GET", "/myip", tls=context)


def one_that_does_not_trust(watched, version=V.TLSv1_3):
    handshake(watched, distrusting(version))


def one_that_does_not_trust_by_1_2(watched):
    one_that_does_not_trust(watched, V.TLSv1_2)


def one_of_old(watched):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = certificates.client(version=V.TLSv1_1)
    handshake(watched, context)


def one_that_sends_no_hello(watched):
    with watched.gateway.connect() as connection:
        connection.send(struct.pack("!BHH", 22, 0x0301, 100) + b"\1\0\0\x60" + b"A" * 96)
        connection.at_end()


def one_that_goes_on_with_something_else(watched):
    with watched.gateway.connect() as connection:
        connection.send(hello())
        connection.stream.recv(1)
        connection.send(struct.pack("!BHH", 23, 0x0303, 40) + b"A" * 40)
        with contextlib.suppress(ConnectionResetError):
            while connection.stream.recv(65536):
                pass


def one_that_leaves(watched):
    with watched.gateway.connect() as connection:
        connection.send(hello()[:40])


def one_that_waits(watched):
    with watched.gateway.connect() as connection:
        connection.send(hello()[:40])
        assert connection.at_end()


@pytest.mark.parametrize("client, reason, words", [
    (one_that_does_not_trust_by_1_2, "alert", "the client refused: CA is unknown (alert 48)"),
    (one_of_old, "rejected", "no TLS version or cipher suite in common"),
    (one_that_sends_no_hello, "rejected", "no TLS version or cipher suite in common"),
    (one_that_goes_on_with_something_else, "broken", "is no handshake"),
    (one_that_leaves, "closed", "the client closed"),
    (one_that_waits, "timeout", "did not go on in time"),
], ids=lambda value: getattr(value, "__name__", None))
def test_handshakes_that_fail(watched, client, reason, words):
    front = watched(idle_timeout_s=2)
    client(front)
    assert wait_until(lambda: front.events("handshake-failed")), front.gateway.log
    lines = front.events("handshake-failed")
    assert len(lines) == 1 and words in lines[0] and f" source={LOOPBACK} text=" in lines[0], lines
    assert " level=info " in lines[0]
    counts = front.counts("ddnsgate_http_handshakes_failed_total")
    assert counts[reason] == 1 and sum(counts.values()) == 1, counts
    assert front.gateway.ask("GET", "/myip", tls=certificates.client()).status == 200
    assert len(front.events("handshake-failed")) == 1


def test_an_alert_in_the_clear_where_all_is_encrypted(watched):
    """As OpenSSL's clients send it. GnuTLS takes it for a broken record, and does not always let us see it before."""
    front = watched()
    one_that_does_not_trust(front)
    assert wait_until(lambda: front.events("handshake-failed")), front.gateway.log
    assert re.search(r"CA is unknown \(alert 48\)|is no handshake", front.events("handshake-failed")[0])
    counts = front.counts("ddnsgate_http_handshakes_failed_total")
    assert counts["alert"] + counts["broken"] == 1 == sum(counts.values())


def test_a_look_whether_the_port_is_open_is_no_failure(watched):
    """As load balancers take one every other second."""
    front = watched()
    for _ in range(5):
        with front.gateway.connect():
            pass
    assert front.gateway.ask("GET", "/myip", tls=certificates.client()).status == 200
    assert not front.events("handshake-failed")
    assert sum(front.counts("ddnsgate_http_handshakes_failed_total").values()) == 0


def test_handshakes_that_fail_flood_no_log(watched):
    front = watched()
    for _ in range(30):
        one_of_old(front)
    assert wait_until(lambda: front.counts("ddnsgate_http_handshakes_failed_total")["rejected"] == 30)
    assert len(front.events("handshake-failed")) <= 3


@pytest.mark.parametrize("method, target, headers, body, status", [
    ("POST", "/dynamic.cgi", ["Content-Length: 5000"], b"", 413),
    ("GET", "/" + "x" * 5000, [], b"", 414),
    ("GET", "/myip", ["X Y: 1"], b"", 400),
    ("GET", "/myip?" + "a=b&" * 70, [], b"", 400),
])
def test_requests_that_are_refused(watched, method, target, headers, body, status):
    front = watched()
    assert front.gateway.ask(method, target, headers, body, address="127.0.0.2").status == status
    lines = front.events("request-refused")
    assert len(lines) == 1 and re.search(rf' level=info .* source={LOOPBACK} text="{status} [^"]+"$', lines[0]), lines
    counts = front.counts("ddnsgate_http_refused_total")
    assert counts[str(status)] == 1 and sum(counts.values()) == 1
    assert set(counts) == {"400", "413", "414", "415", "431", "503", "other"}


@pytest.mark.parametrize("method, target, headers, status", [
    ("POST", "/dynamic.cgi", ["Content-Length: 5000"], 413),
    ("GET", "/" + "x" * 5000, [], 414),
    ("GET", "/myip?" + "a=b&" * 70, [], 400),
])
def test_behind_a_proxy_the_client_is_the_source(watched, method, target, headers, status):
    front = watched(trusted_proxies=[LOOPBACK])
    headers = [*headers, "X-Forwarded-For: 203.0.113.9"]
    assert front.gateway.ask(method, target, headers, address="127.0.0.2").status == status
    assert f' source=203.0.113.9 text="{status} ' in front.events("request-refused")[0]


def test_connections_that_are_refused(watched):
    front = watched(max_connections_per_source=2)
    with front.gateway.connect(address="127.0.0.2") as connection:
        connection.send(hello())
        assert connection.at_end()
    assert wait_until(lambda: front.counts("ddnsgate_http_connections_refused_total")["protocol"] == 1)
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(front.gateway.connect(address="127.0.0.2", source="127.0.0.5"))
        with contextlib.suppress(ConnectionResetError):
            assert stack.enter_context(front.gateway.connect(address="127.0.0.2", source="127.0.0.5")).at_end()
        assert wait_until(lambda: front.counts("ddnsgate_http_connections_refused_total")["source"] == 1)
    assert re.search(r" event=connection-refused source=127\.0\.0\.5 text=", front.gateway.log)


def test_what_clients_choose_is_in_no_metric(watched):
    front = watched()
    for target in ("/zzz-path", "/myip?" + "a=b&" * 70, "/" + "x" * 5000):
        front.gateway.ask("GET", target, ["Host: zzz-name.example"], address="127.0.0.2")
    one_of_old(front)
    with Connection(front.admin) as connection:
        connection.request("GET", "/metrics", host=f"{LOOPBACK}:{front.admin}")
        text = connection.answer().text
    assert "zzz" not in text and "xxx" not in text
