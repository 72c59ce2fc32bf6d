"""HTTP as clients speak it, well and badly."""

import contextlib
import gzip
import json
import socket
import struct
import time

import pytest

from faulty import Scripted, slow
from gateway import API_KEY, LOGIN, ZONE, Gateway, config_text, form, target, zone_setting
from process import LOOPBACK

HOST = f"www.{ZONE}"
IP = "192.0.2.1"
UPDATE = target(HOST, IP)
FORM = form(host=HOST, ip=IP, user=LOGIN, password=API_KEY).encode()
FORM_TYPE = "Content-Type: application/x-www-form-urlencoded"
LIMIT = 4096


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


@pytest.fixture(scope="module")
def gateway(primary):
    config = config_text([zone_setting(ZONE, primary, primary.key)], [primary.key])
    with contextlib.closing(Gateway(config).start()) as running:
        yield running


@pytest.fixture
def untouched(primary):
    before = len(primary.requests)
    yield
    assert len(primary.requests) == before


# Methods and paths

def test_get(gateway):
    assert gateway.ask("GET", UPDATE).body == b"OK\n"


def test_post_form(gateway, primary):
    answer = gateway.ask("POST", "/dynamic.cgi", [FORM_TYPE], FORM.replace(IP.encode(), b"192.0.2.77"))
    assert answer.body == b"OK\n"
    assert "192.0.2.77" in primary.updates[-1].to_text()


def test_post_form_in_chunks(gateway):
    with gateway.connect() as connection:
        connection.request("POST", "/dynamic.cgi", [FORM_TYPE, "Transfer-Encoding: chunked"])
        for part in (FORM[:10], FORM[10:]):
            connection.send(b"%x\r\n%s\r\n" % (len(part), part))
        connection.send(b"0\r\n\r\n")
        assert connection.answer().body == b"OK\n"


MULTIPART = b"".join(b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % tuple(pair.split(b"="))
                     for pair in FORM.split(b"&")) + b"--x--\r\n"


@pytest.mark.parametrize("headers, body", [
    (["Content-Type: multipart/form-data; boundary=x"], MULTIPART), (["Content-Type: text/plain"], FORM),
    (["Content-Type: text/xml"], b"<ip>192.0.2.1</ip>"), (["Content-Type: application/octet-stream"], FORM),
    ([FORM_TYPE, "Content-Encoding: gzip"], gzip.compress(FORM)), ([FORM_TYPE, "Content-Encoding: br"], FORM),
], ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("method, path", [("POST", UPDATE), ("PUT", UPDATE.replace("dynamic.cgi", "nic/update")),
                                          ("POST", "/dynamic.cgi"), ("GET", "/myip")])
def test_a_body_that_nobody_reads_is_refused(gateway, untouched, method, path, headers, body):
    """Whatever else the request says: what stands in the body was meant, too."""
    answer = gateway.ask(method, path, headers, body)
    assert answer.status == 415 and "form" in answer.text
    assert "event=request-refused" in gateway.log and "415" in gateway.log


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/plain", "application/json"])
@pytest.mark.parametrize("body", [b"", b"\r\n"])
def test_an_empty_body_is_nothing_whatever_its_type(gateway, kind, body):
    assert gateway.ask("POST", UPDATE, [f"Content-Type: {kind}"], body).body == b"OK\n"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_a_json_object_is_read_whatever_its_type(gateway, primary, kind):
    body = json.dumps({"host": HOST, "ip": "192.0.2.78", "user": LOGIN, "password": API_KEY}).encode()
    assert gateway.ask("POST", "/dynamic.cgi", [f"Content-Type: {kind}"], body).body == b"OK\n"
    assert "192.0.2.78" in primary.updates[-1].to_text()
    assert gateway.ask("POST", "/dynamic.cgi", ["Content-Type: application/json"], b"[]").status == 400


def test_post_without_operands(gateway, untouched):
    assert gateway.ask("POST", "/dynamic.cgi", [FORM_TYPE, "Content-Length: 0"]).code == "MO_HOST"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "BREW"])
def test_other_methods_never_update(gateway, untouched, method):
    answer = gateway.ask(method, UPDATE)
    assert answer.status == 405
    allowed = {name.strip() for name in answer.headers["allow"].split(",")}
    assert {"GET", "POST", "OPTIONS"} <= allowed and method not in allowed


@pytest.mark.parametrize("target, allowed", [
    (UPDATE, "GET, POST, OPTIONS"), ("/", "GET, HEAD, POST, PUT, OPTIONS"), ("*", "GET, HEAD, POST, PUT, OPTIONS"),
    ("/myip", "GET, HEAD, OPTIONS"), ("/nowhere", "OPTIONS"), ("http://gw.example.com/present", "POST, OPTIONS"),
])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_options_tell_what_is_allowed(gateway, untouched, target, allowed, version):
    with gateway.connect() as connection:
        connection.request("OPTIONS", target, version=version)
        answer = connection.answer()
        assert (answer.status, answer.headers["allow"], answer.body) == (204, allowed, b"")
        assert answer.closes == (version == "1.0")
        if version == "1.0":
            assert connection.at_end()
        else:
            connection.request("GET", "/myip")
            assert connection.answer().status == 200


@pytest.mark.parametrize("path", ["/nowhere", "/dynamic.cgi/x", "/dynamic", "/Dynamic.cgi", "/dynamic.cgi.bak",
                                  "/x/../dynamic.cgi", "/checkip.cgi/x", "/%00", "/etc/passwd"])
def test_unknown_paths(gateway, untouched, path):
    answer = gateway.ask("GET", f"{path}?{FORM.decode()}")
    assert answer.status in ((400, 404) if "%00" in path else (404,))


def test_absolute_form_of_the_target(gateway):
    """RFC 9112, section 3.2.2: a server must accept it."""
    assert gateway.ask("GET", f"http://gateway.test{UPDATE}").code == "OK"


# Limits

@pytest.mark.parametrize("length, status", [(LIMIT, 401), (LIMIT + 1, 414), (9000, 414), (100_000, 414)])
def test_length_of_the_target(gateway, untouched, length, status):
    """The longest that is allowed is read and understood, here as a wrong key."""
    start = f"/dynamic.cgi?host={HOST}&ip={IP}&user={LOGIN}&password="
    assert gateway.ask("GET", start + "x" * (length - len(start))).status == status


@pytest.mark.parametrize("length, status", [(LIMIT, 401), (LIMIT + 1, 413), (100_000, 413)])
def test_length_of_the_body(gateway, untouched, length, status):
    start = f"host={HOST}&ip={IP}&user={LOGIN}&password=".encode()
    assert gateway.ask("POST", "/dynamic.cgi", [FORM_TYPE], start + b"x" * (length - len(start))).status == status


def test_length_of_a_body_in_chunks(gateway, untouched):
    with gateway.connect() as connection:
        connection.request("POST", "/dynamic.cgi", [FORM_TYPE, "Transfer-Encoding: chunked"])
        for _ in range(6):
            connection.send(b"400\r\n" + b"x" * 0x400 + b"\r\n")
        connection.send(b"0\r\n\r\n")
        assert connection.answer().status == 413


def test_headers_beyond_measure(gateway, untouched):
    with gateway.connect() as connection:
        connection.request("GET", UPDATE, [f"X-{number}: {'x' * 1000}" for number in range(200)])
        answer = connection.answer()
        assert answer is None or 400 <= answer.status < 500
    assert gateway.ask("GET", "/checkip").status == 200


@pytest.mark.parametrize("path, headers, status", [
    ("/" + "x" * LIMIT, [], 414), ("/myip", [f"X: {'x' * 7000}", f"Y: {'x' * 3200}"], 431),
    ("/myip", ["X Y: 1"], 400), ("/myip?" + "a=b&" * 70, [], 400)], ids=lambda value: str(value)[:12])
def test_head_gets_no_body_when_it_is_refused(gateway, path, headers, status):
    """RFC 9110, section 9.3.2; also of what is answered past the library."""
    with gateway.connect() as connection:
        connection.request("HEAD", path, headers)
        answer = connection.answer(to="HEAD")
        assert answer.status == status and int(answer.headers["content-length"]) > 0
        if answer.closes:
            assert connection.at_end()
        else:
            connection.request("GET", "/myip")
            assert connection.answer().status == 200


# Connections

def test_keep_alive(gateway):
    with gateway.connect() as connection:
        for _ in range(3):
            connection.request("GET", UPDATE)
            answer = connection.answer()
            assert answer.code == "OK" and not answer.closes


def test_keep_alive_after_errors(gateway):
    with gateway.connect() as connection:
        for path, status in (("/nowhere", 404), (target(), 400), (target(HOST, user=None), 401), (UPDATE, 200)):
            connection.request("GET", path)
            assert connection.answer().status == status


def test_pipelined_requests_are_answered_in_order(gateway):
    """Even where a later one could be answered at once, and the earlier one waits for the primary."""
    expected = [("OK", UPDATE), ("MO_HOST", target()), ("OK", UPDATE), ("IO_IP", target(HOST, "nonsense")),
                ("OK", UPDATE)]
    with gateway.connect() as connection:
        connection.send(b"".join(f"GET {path} HTTP/1.1\r\nHost: gateway.test\r\n\r\n".encode() for _, path in expected))
        assert [connection.answer().code for _ in expected] == [code for code, _ in expected]


def test_close_when_asked(gateway):
    with gateway.connect() as connection:
        connection.request("GET", UPDATE, ["Connection: close"])
        assert connection.answer().closes
        assert connection.at_end()


@pytest.mark.parametrize("headers", [[], ["Connection: keep-alive"]], ids=["plain", "keep-alive"])
@pytest.mark.parametrize("path", [UPDATE, target(), "/checkip.cgi", "/nowhere"], ids=["ok", "error", "checkip", "404"])
def test_http_1_0_is_closed_after_the_answer(gateway, path, headers):
    """inadyn reads to the end of the stream."""
    with gateway.connect() as connection:
        connection.request("GET", path, headers, version="1.0")
        assert connection.answer().closes
        assert connection.at_end()


def test_a_request_may_arrive_octet_by_octet(gateway):
    with gateway.connect() as connection:
        for octet in f"GET {UPDATE} HTTP/1.1\r\nHost: gateway.test\r\n\r\n".encode():
            connection.send(bytes([octet]))
        assert connection.answer().code == "OK"


@pytest.mark.parametrize("octets", [
    b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /dynamic.cgi HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /dynamic.cgi HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n",
], ids=["no-target", "version", "negative-length", "huge-length", "bad-chunk"])
def test_malformed_requests_are_refused(gateway, untouched, octets):
    with gateway.connect() as connection:
        connection.send(octets)
        answer = connection.answer()
        assert answer is None or 400 <= answer.status <= 505
    assert gateway.ask("GET", "/checkip").status == 200


@pytest.mark.parametrize("octets", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), b"\r\n\r\n\r\n", bytes(5000), b"x" * 5000,
    f"GET {UPDATE} HTTP/1.1\r\n".encode(), b"POST /dynamic.cgi HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
], ids=["tls", "empty-lines", "zeros", "no-end", "no-headers-end", "no-body-end"])
def test_what_never_becomes_a_request_harms_nobody(gateway, untouched, octets):
    with gateway.connect() as connection:
        connection.send(octets)
        assert gateway.ask("GET", "/checkip").status == 200
    assert gateway.ask("GET", "/checkip").status == 200


def test_a_client_may_close_its_sending_side(gateway):
    """As `nc -N` does after the request."""
    with gateway.connect() as connection:
        connection.request("GET", "/checkip")
        connection.stream.shutdown(socket.SHUT_WR)
        assert connection.answer().status == 200


def test_clients_that_leave_early_harm_nobody(gateway, primary):
    """They hang up while their updates are at the primary; half of them with a reset."""
    primary.script = slow(0.5)
    primary.hang_up()
    before = len(primary.updates)
    connections = [gateway.connect() for _ in range(10)]
    for number, connection in enumerate(connections):
        connection.request("GET", target(f"early{number}.{ZONE}", IP))
    assert primary.got(before + 1)
    for number, connection in enumerate(connections):
        if number % 2:
            connection.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    time.sleep(0.6)
    primary.mend()
    assert gateway.update(HOST, IP).code == "OK"


def test_idle_connections_are_closed(primary):
    config = config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], idle_timeout_s=1)
    with contextlib.closing(Gateway(config).start()) as running:
        with running.connect() as silent, running.connect() as unfinished, running.connect() as answered:
            unfinished.send(b"GET /checkip HTTP/1.1\r\nHost: gat")
            answered.request("GET", "/checkip")
            assert answered.answer().status == 200
            assert answered.at_end() and silent.at_end()
            unfinished.answer()
            assert unfinished.at_end()


def test_many_connections_at_once(gateway):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(gateway.connect()) for _ in range(200)]
        for number, connection in enumerate(connections):
            connection.request("GET", target(f"many{number}.{ZONE}", IP))
        assert [connection.answer().code for connection in connections] == ["OK"] * 200


# Listeners

def test_several_listeners(gateway, primary):
    config = config_text([zone_setting(ZONE, primary, primary.key)], [primary.key])
    with contextlib.closing(Gateway(config, listen=(LOOPBACK, "127.0.0.2", "::1")).start()) as running:
        for address, shown in ((LOOPBACK, LOOPBACK), ("127.0.0.2", LOOPBACK), ("::1", "::1")):
            assert running.ask("GET", UPDATE, address=address).code == "OK"
            assert running.ask("GET", "/myip", address=address, source=shown).text.strip() == shown


def test_a_dual_stack_listener_shows_ipv4_as_ipv4(primary):
    config = config_text([zone_setting(ZONE, primary, primary.key)], [primary.key])
    with contextlib.closing(Gateway(config, listen=("::",)).start()) as running:
        assert running.ask("GET", "/myip").text.strip() == LOOPBACK
        assert running.ask("GET", "/myip", address="::1").text.strip() == "::1"


# The caller's own address

CHECKIP = "<html><head><title>Current IP Check</title></head><body>Current IP Address: {}</body></html>"


@pytest.mark.parametrize("path", ["/checkip.cgi", "/checkip", "/"])
@pytest.mark.parametrize("source", [LOOPBACK, "127.0.0.9"])
def test_checkip(gateway, path, source):
    answer = gateway.ask("GET", path, source=source)
    assert answer.status == 200
    assert answer.headers["content-type"].split(";")[0] == "text/html"
    assert answer.text.strip() == CHECKIP.format(source)


def test_checkip_in_plain_text(gateway):
    answer = gateway.ask("GET", "/myip", source="127.0.0.9")
    assert (answer.status, answer.text.strip()) == (200, "127.0.0.9")
    assert answer.headers["content-type"].split(";")[0] == "text/plain"


def test_checkip_needs_no_credentials_and_believes_no_header(gateway):
    answer = gateway.ask("GET", "/myip", ["X-Forwarded-For: 198.51.100.1", "Forwarded: for=198.51.100.1"])
    assert answer.text.strip() == LOOPBACK


@pytest.mark.parametrize("path", ["/checkip.cgi", "/checkip", "/", "/myip"])
def test_head_of_checkip_has_the_length_and_no_body(gateway, path):
    with gateway.connect() as connection:
        connection.request("HEAD", path)
        head = connection.answer(to="HEAD")
        connection.request("GET", path)
        get = connection.answer()
    assert head.status == 200
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))


# The source address as the address to set

@pytest.fixture(scope="module")
def loopback_gateway(primary):
    config = config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], allow_loopback=True)
    with contextlib.closing(Gateway(config, listen=(LOOPBACK, "::1")).start()) as running:
        yield running


@pytest.mark.parametrize("operand", ["", "&ip="], ids=["missing", "empty"])
@pytest.mark.parametrize("address, source, rdtype", [(LOOPBACK, "127.0.0.9", "A"), ("::1", "::1", "AAAA")])
def test_the_source_address_is_set(loopback_gateway, primary, operand, address, source, rdtype):
    primary.records.set(HOST, rdtype, {"A": "192.0.2.250", "AAAA": "2001:db8::250"}[rdtype])
    path = f"/dynamic.cgi?{form(host=HOST, user=LOGIN, password=API_KEY)}{operand}"
    assert loopback_gateway.ask("GET", path, address=address, source=source).code == "OK"
    assert primary.records.get(HOST, rdtype) == (180, {source})


def test_a_source_address_that_policy_refuses(gateway, untouched):
    answer = gateway.update(HOST)
    assert (answer.code, answer.status) == ("IO_IP", 400)


def test_a_forwarded_address_is_not_the_source(loopback_gateway, primary):
    """No proxy is trusted here."""
    headers = ["X-Forwarded-For: 198.51.100.1", "Forwarded: for=198.51.100.1"]
    assert loopback_gateway.ask("GET", target(HOST), headers).code == "OK"
    assert primary.records.get(HOST, "A") == (180, {LOOPBACK})
