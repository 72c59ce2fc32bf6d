"""Behind proxies: whose request it is, as trusted proxies tell it and nobody else can."""

import contextlib
import os
import socket
import stat
import struct
import time

import pytest

import certificates
from faulty import Scripted
from gateway import API_KEY, LOGIN, ZONE, Gateway, basic, config_text, nic, target, zone_setting
from process import LOOPBACK

HOST = f"www.{ZONE}"
PROXY = "127.0.0.8"
INNER_PROXY = "127.0.0.9"
CLIENT = "198.51.100.7"
CLIENT_V6 = "2001:db8::7"
BASIC = basic(LOGIN, API_KEY)


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


def config(primary, **options):
    return config_text([zone_setting(ZONE, primary, primary.key)], [primary.key],
                       **{"trusted_proxies": [f"{PROXY}/31", "2001:db8:ffff::/48"], **options})


@pytest.fixture(scope="module")
def front(primary):
    """127.0.0.1 is not trusted, 127.0.0.8 and 127.0.0.9 are."""
    with contextlib.closing(Gateway(config(primary)).start()) as running:
        yield running


def seen(gateway, *headers, source=PROXY, **how):
    """The address that the gateway takes for the client's, or the status if it refuses."""
    answer = gateway.ask("GET", "/myip", headers, source=source, **how)
    return answer.text.strip() if answer.status == 200 else answer.status


# X-Forwarded-For and Forwarded

@pytest.mark.parametrize("address", [CLIENT, CLIENT_V6])
def test_a_trusted_proxy_names_the_client(front, address):
    quoted = f'"[{address}]:4711"' if ":" in address else address
    assert seen(front, f"X-Forwarded-For: {address}") == address
    assert seen(front, f"Forwarded: for={quoted};proto=https") == address
    assert seen(front, f"X-Forwarded-For: {address}", f"Forwarded: for={quoted}") == address


def test_nobody_else_does(front):
    for header in (f"X-Forwarded-For: {CLIENT}", f"Forwarded: for={CLIENT}", "X-Forwarded-For: nonsense"):
        assert seen(front, header, source=LOOPBACK) == LOOPBACK


@pytest.mark.parametrize("headers, address", [
    ([f"X-Forwarded-For: 203.0.113.1, {CLIENT}"], CLIENT),
    ([f"X-Forwarded-For: 203.0.113.1, {CLIENT}, {INNER_PROXY}, {PROXY}"], CLIENT),
    (["X-Forwarded-For: 203.0.113.1", f"X-Forwarded-For: {CLIENT}"], CLIENT),
    (["X-Forwarded-For: 203.0.113.1", f"x-forwarded-for: {CLIENT}, {PROXY}"], CLIENT),
    ([f"Forwarded: for=203.0.113.1, for={CLIENT};by={INNER_PROXY}, for={INNER_PROXY}"], CLIENT),
    ([f"X-Forwarded-For: {INNER_PROXY}"], INNER_PROXY),
])
def test_the_rightmost_address_that_is_no_proxy(front, headers, address):
    assert seen(front, *headers) == address


@pytest.mark.parametrize("headers", [
    ["X-Forwarded-For: nonsense"],
    [f"X-Forwarded-For: {CLIENT} {CLIENT}"],
    [f"Forwarded: {CLIENT}"],
    ['Forwarded: for="[2001:db8::1'],
    [f"X-Forwarded-For: {CLIENT}", "Forwarded: for=203.0.113.1"],
    [f"X-Forwarded-For: {CLIENT}", "Forwarded: nonsense"],
], ids=str)
def test_a_header_that_does_not_tell_is_refused(front, primary, headers):
    before = len(primary.requests)
    answer = front.ask("GET", target(HOST), headers, source=PROXY)
    assert answer.status == 400
    assert "proxy" in answer.text or "different clients" in answer.text
    assert len(primary.requests) == before


NAMELESS = [[], ["X-Forwarded-For: "], ["X-Forwarded-For: unknown"], [f"X-Forwarded-For: {CLIENT}, _hidden"],
            ["Forwarded: for=unknown"], ["Forwarded: proto=https"], [f"X-Real-IP: {CLIENT}"], ["Via: 1.1 proxy"]]


def lines(gateway, event):
    return [line for line in gateway.log.splitlines() if f"event={event} " in line]


@pytest.mark.parametrize("headers", NAMELESS, ids=str)
def test_a_proxy_that_names_no_client_has_no_address_to_give(gateway, primary, headers):
    """Its own is not its clients'. With an address in it, the request is as good as any."""
    front = gateway(config(primary))
    for path in ("/myip", "/checkip", "/checkip.cgi", "/"):
        answer = front.ask("GET", path, headers, source=PROXY)
        assert answer.status == 503 and not any(octet.isdigit() for octet in answer.text.removeprefix("503"))
    before = len(primary.requests)
    answer = front.ask("GET", target(HOST), headers, source=PROXY)
    assert (answer.status, answer.code) == (400, "IO_IP")
    answer = front.ask("GET", nic(HOST, myip=""), [BASIC, *headers], source=PROXY)
    assert (answer.status, answer.text) == (400, "notfqdn\n")
    assert len(primary.requests) == before
    said, = {line.split("text=")[1] for line in lines(front, "client-unknown")}
    assert "X-Forwarded-For" in said and "Forwarded" in said
    assert "trusted_proxies" in said
    assert all(f" proxy={PROXY} " in line for line in lines(front, "client-unknown"))
    assert ("x_real_ip" in said) == (headers in ([], NAMELESS[1], NAMELESS[-2], NAMELESS[-1]))
    answer = front.ask("GET", target(HOST, CLIENT), headers, source=PROXY)
    assert answer.code == "OK" and primary.records.get(HOST, "A") == (180, {CLIENT})


def test_x_real_ip_counts_where_the_listener_says_so(gateway, primary):
    front = gateway(config(primary), listen=({"x_real_ip": True}, "127.0.0.2"))
    real = f"X-Real-IP: {CLIENT}"
    for headers, address in (([real], CLIENT), ([f"X-Real-IP: {CLIENT_V6}"], CLIENT_V6),
                             ([real, f"X-Forwarded-For: 203.0.113.1, {CLIENT}"], CLIENT),
                             ([real, f"Forwarded: for={CLIENT}"], CLIENT),
                             # The inner one of two proxies has the outer one for its client.
                             ([f"X-Real-IP: {INNER_PROXY}", f"X-Forwarded-For: {CLIENT}, {INNER_PROXY}"], CLIENT),
                             ([f"X-Forwarded-For: {INNER_PROXY}", real], CLIENT),
                             ([f"X-Forwarded-For: {CLIENT}"], CLIENT)):
        assert seen(front, *headers) == address
    for headers in ([real, "X-Forwarded-For: 203.0.113.1"], [real, "Forwarded: for=203.0.113.1"],
                    ["X-Real-IP: nonsense"], [real, "X-Forwarded-For: unknown"]):
        assert seen(front, *headers) == 400
    assert seen(front, "X-Real-IP: ") == seen(front) == 503
    # Elsewhere it says nothing, and from others nowhere.
    assert seen(front, real, address="127.0.0.2") == 503
    assert seen(front, real, "X-Forwarded-For: 203.0.113.1", address="127.0.0.2") == "203.0.113.1"
    assert seen(front, real, source=LOOPBACK) == LOOPBACK


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_peer_that_may_be_a_forgotten_proxy_is_told_of_once(gateway, primary, header):
    """In an hour, and not of more than a few."""
    front = gateway(config(primary))
    for _ in range(3):
        assert seen(front, f"{header}: for=198.51.100.7", source=LOOPBACK) == LOOPBACK
        assert seen(front, source="127.0.1.1") == "127.0.1.1"
    warning, = lines(front, "proxy-untrusted")
    assert "level=warning" in warning and f"source={LOOPBACK}" in warning
    assert header in warning and "trusted_proxies" in warning
    for number in range(1, 41):
        seen(front, f"{header}: for=198.51.100.7", source=f"127.0.2.{number}")
    assert len(lines(front, "proxy-untrusted")) == 16


def test_each_request_on_a_connection_has_its_own_source(front):
    with front.connect(source=PROXY) as connection:
        for address in (CLIENT, "203.0.113.1", CLIENT_V6):
            connection.request("GET", "/myip", [f"X-Forwarded-For: {address}"])
            assert connection.answer().text.strip() == address


def test_the_named_address_is_set(front, primary):
    answer = front.ask("GET", target(HOST), [f"X-Forwarded-For: {CLIENT}"], source=PROXY)
    assert answer.code == "OK"
    assert primary.records.get(HOST, "A") == (180, {CLIENT})


def test_failed_logins_count_for_the_named_address(gateway, primary):
    front = gateway(config(primary, failed_logins_max=2))
    for address, codes in ((CLIENT, ["OD_KEY", "OD_KEY", "TM_REQ"]), ("203.0.113.1", ["OD_KEY"])):
        for code in codes:
            answer = front.ask("GET", target(HOST, "192.0.2.1", password="not-the-key-at-all"),
                               [f"X-Forwarded-For: {address}"], source=PROXY)
            assert answer.code == code


def test_a_listener_may_trust_others(gateway, primary):
    front = gateway(config(primary), listen=({"trusted_proxies": [LOOPBACK]},
                                             {"address": "127.0.0.2", "trusted_proxies": []}, "127.0.0.3"))
    header = f"X-Forwarded-For: {CLIENT}"
    sources = (LOOPBACK, PROXY)
    assert [seen(front, header, source=each) for each in sources] == [CLIENT, PROXY]
    assert [seen(front, header, source=each, address="127.0.0.2") for each in sources] == [LOOPBACK, PROXY]
    assert [seen(front, header, source=each, address="127.0.0.3") for each in sources] == [LOOPBACK, CLIENT]


def test_proxies_may_have_many_connections_and_others_may_not(gateway, primary):
    front = gateway(config(primary, max_connections_per_source=3))
    with contextlib.ExitStack() as stack:
        for source, count in ((PROXY, 10), (LOOPBACK, 3)):
            connections = [stack.enter_context(front.connect(source=source)) for _ in range(count)]
            for connection in connections:
                connection.request("GET", "/myip", [f"X-Forwarded-For: {CLIENT}"])
                assert connection.answer().status == 200
        assert stack.enter_context(front.connect(source=LOOPBACK)).at_end()
        connections[0].close()
        time.sleep(0.2)
        assert front.ask("GET", "/myip").status == 200


# The PROXY protocol

def v1(address, port=4711):
    family = "TCP6" if ":" in address else "TCP4"
    return f"PROXY {family} {address} {address} {port} 80\r\n".encode()


def v2(address, command=1, more=b""):
    version = socket.AF_INET6 if ":" in address else socket.AF_INET
    addresses = socket.inet_pton(version, address) * 2 + struct.pack("!HH", 4711, 80) + more
    family = 0x21 if version == socket.AF_INET6 else 0x11
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x20 | command, family, len(addresses)) + addresses


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module", params=["http", "https"])
def behind(request, primary, certificate):
    """Asks a listener with the PROXY protocol."""
    secure = {"certificates": [certificate.setting]} if request.param == "https" else {}
    tls = certificates.client(certificate) if secure else None
    running = Gateway(config(primary, idle_timeout_s=2), listen=({"proxy_protocol": True, **secure}, "127.0.0.2"))
    with contextlib.closing(running.start()):
        running.how = {"source": PROXY, "tls": tls, "name": certificate.name if tls else None}
        yield running


@pytest.mark.parametrize("header", [v1, v2])
@pytest.mark.parametrize("address", [CLIENT, CLIENT_V6])
def test_a_proxy_header_names_the_client(behind, header, address):
    assert seen(behind, preface=header(address), **behind.how) == address


def test_a_header_with_more_in_it(behind):
    assert seen(behind, preface=v2(CLIENT, more=b"\x04\x00\x80" + bytes(128)), **behind.how) == CLIENT


def v2_of(family, addresses=b"", command=1):
    return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x20 | command, family, len(addresses)) + addresses


NOBODY = {
    "UNKNOWN": b"PROXY UNKNOWN\r\n", "UNKNOWN, with addresses": f"PROXY UNKNOWN {CLIENT} {CLIENT} 1 2\r\n".encode(),
    "LOCAL": v2_of(0, command=0), "LOCAL, with addresses": v2(CLIENT, command=0), "not told": v2_of(0),
    "Unix": v2_of(0x31, bytes(216)), "Unix datagrams": v2_of(0x32, bytes(216)),
}


@pytest.mark.parametrize("header", NOBODY.values(), ids=NOBODY)
def test_where_nobody_is_named_no_header_in_the_stream_names_anybody(behind, primary, header):
    """The octets may be anybody's, or the proxy's own: its health checks are answered."""
    for lie in ((), (f"X-Forwarded-For: {CLIENT}",), (f"Forwarded: for={CLIENT}",), (f"X-Real-IP: {CLIENT}",),
                ("X-Forwarded-For: nonsense",)):
        before = len(primary.requests)
        assert seen(behind, *lie, preface=header, **behind.how) == 503
        answer = behind.ask("GET", target(HOST), lie, preface=header, **behind.how)
        assert (answer.status, answer.code) == (400, "IO_IP")
        assert len(primary.requests) == before
        answer = behind.ask("OPTIONS", "/", lie, version="1.0", preface=header, **behind.how)
        assert (answer.status, answer.body) == (204, b"")
    assert behind.ask("GET", target(HOST, CLIENT), preface=header, **behind.how).code == "OK"


@pytest.mark.parametrize("unix", [False, True], ids=["TCP", "Unix"])
@pytest.mark.parametrize("header", [NOBODY["UNKNOWN"], NOBODY["LOCAL"]], ids=["UNKNOWN", "LOCAL"])
def test_the_log_names_the_proxy_whose_header_names_nobody(gateway, primary, header, unix):
    listener = {"proxy_protocol": True}
    front = gateway(config(primary), listen=(LOOPBACK, {**listener, "path": "@FOLDER@/http.sock"}) if unix else (listener,))
    how, name = ({"path": front.folder / "http.sock"}, '"a Unix socket"') if unix else ({"source": PROXY}, PROXY)
    assert front.ask("GET", target(HOST), preface=header, **how).status == 400
    assert f" proxy={name} " in lines(front, "client-unknown")[0]


@pytest.mark.parametrize("header", NOBODY.values(), ids=NOBODY)
def test_nobody_has_no_place_from_which_a_key_may_be_used(gateway, primary, header):
    """Else who gets a proxy to send UNKNOWN, by HTTP over a Unix socket, say, is where he wants to be."""
    users = [{"login": "alice", "keys": [{"name": "k", "key": API_KEY, "from": [f"{CLIENT}/32", "0.0.0.0/0", "::/0"]}],
              "hosts": [f"zone:{ZONE}"]}]
    front = gateway(config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], users,
                                trusted_proxies=[PROXY]), listen=({"proxy_protocol": True},))
    lie = [f"X-Forwarded-For: {CLIENT}"]
    assert front.ask("GET", target(HOST, CLIENT), lie, preface=header, source=PROXY).status in (401, 403)
    assert front.ask("GET", target(HOST, CLIENT), lie, preface=v1(CLIENT), source=PROXY).code == "OK"


@pytest.mark.parametrize("header", [b"PROXY TCP4 198.51.100.7 192.0.2.1 0 0\r\n",
                                    v2_of(0x11, bytes([198, 51, 100, 7, 192, 0, 2, 1, 0, 0, 0, 0])),
                                    v2_of(0x12, bytes([198, 51, 100, 7, 192, 0, 2, 1, 9, 9, 9, 9]))])
def test_ports_may_be_0_and_a_client_may_come_by_http_3(behind, header):
    assert seen(behind, preface=header, **behind.how) == CLIENT


def test_the_bound_for_each_source_is_not_for_health_checks(gateway, primary):
    front = gateway(config(primary, max_connections_per_source=2), listen=({"proxy_protocol": True},))
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(front.connect(source=PROXY, preface=v2_of(0, command=0)))
            connection.request("OPTIONS", "/")
            assert connection.answer().status == 204


def test_headers_count_from_a_trusted_proxy_behind_the_proxy(behind):
    header = "X-Forwarded-For: 203.0.113.1"
    assert seen(behind, header, preface=v1(CLIENT), **behind.how) == CLIENT
    assert seen(behind, header, preface=v1(INNER_PROXY), **behind.how) == "203.0.113.1"


def test_a_header_that_comes_octet_by_octet(gateway, primary):
    front = gateway(config(primary), listen=({"proxy_protocol": True},))
    with front.connect(source=PROXY) as connection:
        connection.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for octet in v2(CLIENT):
            connection.send(bytes([octet]))
            time.sleep(0.002)
        connection.request("GET", "/myip")
        assert connection.answer().text.strip() == CLIENT


def test_many_requests_after_one_header(behind):
    with behind.connect(preface=v1(CLIENT), **behind.how) as connection:
        for _ in range(3):
            connection.request("GET", "/myip")
            assert connection.answer().text.strip() == CLIENT


def closes(gateway, octets, source=PROXY):
    with gateway.connect(source=source) as connection:
        connection.send(octets)
        start = time.monotonic()
        return connection.at_end() and time.monotonic() - start < 1.5


@pytest.mark.parametrize("octets", [
    b"GET /myip HTTP/1.1\r\nHost: x\r\n\r\n", b"PROXY TCP4 nonsense\r\n", b"PROXY " + b"x" * 200,
    v2(CLIENT)[:12] + b"\x11" + v2(CLIENT)[13:], v2(CLIENT, more=bytes(2000)), b"\x16\x03\x01\x00\x05hello",
])
def test_a_connection_without_a_good_header_is_closed(behind, octets):
    assert closes(behind, octets)
    assert seen(behind, source=LOOPBACK, address="127.0.0.2") == LOOPBACK


def test_nobody_but_a_trusted_proxy_may_send_one(behind):
    assert closes(behind, v1(CLIENT) + b"GET /myip HTTP/1.1\r\nHost: x\r\n\r\n", source=LOOPBACK)


def test_a_proxy_that_stops_in_the_middle_of_a_header_is_cut_off_and_holds_nobody_up(behind):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(behind.connect(source=PROXY)) for _ in range(len(v2(CLIENT)))]
        for number, connection in enumerate(connections):
            connection.send(v2(CLIENT)[:number])
        assert seen(behind, preface=v1(CLIENT), **behind.how) == CLIENT
        assert all(connection.at_end() for connection in connections)


def test_the_bound_for_each_source_is_that_of_the_named_client(gateway, primary):
    front = gateway(config(primary, max_connections_per_source=2), listen=({"proxy_protocol": True},))
    with contextlib.ExitStack() as stack:
        for address in (CLIENT, "203.0.113.1"):
            for _ in range(2):
                connection = stack.enter_context(front.connect(source=PROXY, preface=v1(address)))
                connection.request("GET", "/myip")
                assert connection.answer().status == 200
            assert stack.enter_context(front.connect(source=PROXY, preface=v1(address))).at_end()


# Unix sockets

@pytest.fixture
def unix(gateway, primary):
    return gateway(config(primary), listen=(LOOPBACK, {"path": "@FOLDER@/http.sock", "mode": "0640"}))


def ask(gateway, target, *headers, **how):
    """One request on a connection of its own to the Unix socket."""
    with gateway.connect(path=gateway.folder / "http.sock", **how) as connection:
        connection.request("GET", target, headers)
        return connection.answer()


def test_a_unix_socket_takes_the_address_from_the_proxy(unix, primary):
    assert ask(unix, "/myip", f"X-Forwarded-For: {CLIENT}").text.strip() == CLIENT
    assert ask(unix, "/myip", f"Forwarded: for={CLIENT}, for={PROXY}").text.strip() == CLIENT
    assert ask(unix, target(HOST), f"X-Forwarded-For: {CLIENT}").code == "OK"
    assert primary.records.get(HOST, "A") == (180, {CLIENT})


def test_without_one_there_is_none(unix):
    answer = ask(unix, "/myip")
    assert answer.status == 503 and "address" in answer.text
    assert ask(unix, target(HOST)).code == "IO_IP"
    assert ask(unix, target(HOST, CLIENT)).code == "OK"


def test_a_unix_socket_with_proxy_headers_and_tls(gateway, primary, certificate):
    listener = {"path": "@FOLDER@/http.sock", "proxy_protocol": True, "certificates": [certificate.setting]}
    front = gateway(config(primary, trusted_proxies=[]), listen=(LOOPBACK, listener))
    answer = ask(front, "/myip", tls=certificates.client(), preface=v1(CLIENT))
    assert answer.text.strip() == CLIENT


def test_its_mode_is_as_configured_and_it_goes_with_the_daemon(unix):
    path = unix.folder / "http.sock"
    assert stat.S_ISSOCK(path.stat().st_mode) and stat.S_IMODE(path.stat().st_mode) == 0o640
    unix.signal("SIGTERM")
    unix.finish()
    assert not path.exists()


def test_a_file_that_a_killed_process_left_is_replaced(gateway, primary, tmp_path):
    path = tmp_path / "http.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert path.exists()
    front = gateway(config(primary), listen=(LOOPBACK, {"path": str(path)}))
    with front.connect(path=path) as connection:
        connection.request("GET", "/myip", [f"X-Forwarded-For: {CLIENT}"])
        assert connection.answer().text.strip() == CLIENT
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660


def test_a_file_that_is_no_socket_is_left_alone(gateway, primary, tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    with pytest.raises(AssertionError, match="does not start"):
        gateway(config(primary), listen=(LOOPBACK, {"path": str(path)}))
    assert path.read_text() == "data"


# Requests whose end proxy and gateway could see in different places

HIDDEN = b"GET /myip HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.66\r\n\r\n"


@pytest.mark.parametrize("headers", [
    f"Content-Length: 0\r\nContent-Length: {len(HIDDEN)}", f"Content-Length: {len(HIDDEN)}\r\nContent-Length: 0",
    f"Content-Length : {len(HIDDEN)}", f"Content-Length: {len(HIDDEN)}\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding : chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
])
def test_no_request_is_hidden_in_another(front, headers):
    with front.connect(source=PROXY) as connection:
        connection.send(f"POST /myip HTTP/1.1\r\nX-Forwarded-For: {CLIENT}\r\n{headers}\r\n\r\n".encode() + HIDDEN)
        answer = connection.answer()
        assert (answer.status, answer.closes) == (400, True)
        assert connection.at_end()


def test_no_request_is_hidden_in_a_fold(front):
    """It is refused, or it is a blank, as libmicrohttpd 1.0 has it and RFC 9112 section 5.2 allows: then the request has no
    body, and another one follows it."""
    with front.connect(source=PROXY) as connection:
        head = f"POST /myip HTTP/1.1\r\nX-Forwarded-For: {CLIENT}\r\nX: y\r\n Content-Length: {len(HIDDEN)}\r\n\r\n"
        connection.send(head.encode() + HIDDEN)
        answer = connection.answer()
        if answer.status == 400:
            assert answer.closes and connection.at_end()
        else:
            assert (answer.status, answer.closes) == (405, False)
            assert connection.answer().text.strip() == "192.0.2.66"
