"""HTTPS: certificates, versions, sessions, and clients that are slow at it."""

import contextlib
import os
import re
import ssl
import subprocess
import time
import warnings
from pathlib import Path

import pytest

import certificates
from faulty import Scripted, slow
from gateway import BINARY, ZONE, config_text, target, zone_setting
from process import LOOPBACK, preloaded, wait_until

HOST = f"www.{ZONE}"
IP = "192.0.2.1"
V = ssl.TLSVersion


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def certificate(folder):
    return certificates.make(folder)


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


@pytest.fixture
def https(gateway, primary):
    """Makes gateways with one HTTPS listener and one for plain HTTP, on 127.0.0.2."""
    def make(*pairs, primary=primary, options=(), **listener):
        secure = {"certificates": [pair.setting for pair in pairs], **listener}
        text = config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], **dict(options))
        return gateway(text, listen=(secure, "127.0.0.2"))
    return make


# What it is for

@pytest.mark.parametrize("kind", certificates.KINDS)
def test_an_update(https, folder, kind):
    pair = certificates.make(folder, kind=kind)
    gateway = https(pair)
    assert gateway.ask("GET", target(HOST, IP), tls=certificates.client(pair), name=pair.name).code == "OK"
    assert gateway.ask("GET", "/myip", tls=certificates.client(), source="127.0.0.9").text == "127.0.0.9\n"
    assert gateway.ask("GET", target(HOST, IP), address="127.0.0.2").code == "OK"


def test_requests_on_one_connection(https, certificate):
    gateway = https(certificate)
    with gateway.connect(tls=certificates.client()) as connection:
        for number in range(20):
            connection.request("GET", target(f"h{number}.{ZONE}", IP))
            assert connection.answer().code == "OK"
        for number in range(20):
            connection.request("GET", target(f"h{number}.{ZONE}", IP))
        assert [connection.answer().code for _ in range(20)] == ["OK"] * 20


@pytest.mark.parametrize("field, status", [
    (b"Content-Length: +5", 400), (b"Content-Length: 1,1", 400), (b"Transfer-Encoding: gzip", 400),
    (b"X: " + b"a" * 11_000, 431), (b"Host: y", 400)], ids=lambda value: str(value)[:24])
def test_what_is_refused_gets_one_answer_over_tls_too(https, certificate, field, status):
    """Some of these are answered past the library, which has its own idea of them."""
    gateway = https(certificate)
    with gateway.connect(tls=certificates.client()) as connection:
        connection.send(b"POST /myip HTTP/1.1\r\nHost: x\r\n" + field + b"\r\n\r\nGET /myip HTTP/1.1\r\n\r\n")
        answer = connection.answer()
        assert (answer.status, answer.closes) == (status, True)
        assert connection.at_end()
    wait_until(lambda: "request-refused" in gateway.log)
    assert gateway.ask("GET", "/myip", tls=certificates.client()).status == 200


def test_a_form_that_comes_in_many_records(https, certificate):
    body = target(HOST, IP).partition("?")[2].encode()
    with https(certificate).connect(tls=certificates.client()) as connection:
        connection.send(b"POST /dynamic.cgi HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        for octet in body:
            connection.send(bytes([octet]))
        assert connection.answer().code == "OK"


def test_many_handshakes_at_once(https, certificate):
    gateway = https(certificate)
    with contextlib.ExitStack() as stack:
        context = certificates.client()
        connections = [stack.enter_context(gateway.connect(tls=context)) for _ in range(200)]
        for number, connection in enumerate(connections):
            connection.request("GET", target(f"many{number}.{ZONE}", IP))
        assert [connection.answer().code for connection in connections] == ["OK"] * 200


# Which certificate

def test_the_certificate_is_chosen_by_the_name_asked_for(https, folder, certificate):
    second = certificates.make(folder, "second.test")
    gateway = https(certificate, second)
    for pair in (certificate, second):
        assert gateway.ask("GET", "/myip", tls=certificates.client(pair), name=pair.name).status == 200


@pytest.mark.parametrize("name", [None, "unknown.test"])
def test_the_first_certificate_is_the_default(https, folder, certificate, name):
    second = certificates.make(folder, "second.test")
    with https(certificate, second).connect(tls=certificates.client(), name=name) as connection:
        presented = ssl.DER_cert_to_PEM_cert(connection.stream.getpeercert(binary_form=True))
    assert presented == certificate.path.read_text()


def test_of_two_certificates_for_a_name_the_client_gets_the_one_that_it_can_use(https, folder, certificate):
    gateway = https(certificate, certificates.make(folder, kind="rsa"))
    for sort in ("ECDSA", "RSA"):
        context = certificates.client(version=V.TLSv1_2)
        context.set_ciphers(f"ECDHE-{sort}-AES128-GCM-SHA256")
        assert gateway.ask("GET", "/myip", tls=context, name=certificate.name).status == 200


# Versions

def speaks(gateway, version):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = certificates.client(version=version)
    try:
        return gateway.ask("GET", "/myip", tls=context).status == 200
    except (ssl.SSLError, ConnectionResetError):
        return False


@pytest.mark.parametrize("oldest", [None, "1.0", "1.1", "1.2", "1.3"])
def test_versions(https, certificate, oldest):
    versions = {"1.0": V.TLSv1, "1.1": V.TLSv1_1, "1.2": V.TLSv1_2, "1.3": V.TLSv1_3}
    gateway = https(certificate, **({"tls_min": oldest} if oldest else {}))
    spoken = {name: speaks(gateway, version) for name, version in versions.items()}
    assert spoken == {name: name >= (oldest or "1.2") for name in versions}


@pytest.mark.parametrize("oldest, offered", [(None, False), ("1.2", False), ("1.1", True), ("1.0", True)])
@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "AES256-SHA"])
def test_a_key_exchange_without_forward_secrecy_is_for_old_routers_alone(https, folder, oldest, offered, cipher):
    """By RSA alone; the ephemeral one is always there."""
    gateway = https(certificates.make(folder, kind="rsa"), **({"tls_min": oldest} if oldest else {}))
    for name, spoken in ((cipher, offered), ("ECDHE-RSA-AES128-GCM-SHA256", True)):
        done = subprocess.run(["openssl", "s_client", "-connect", f"{LOOPBACK}:{gateway.port}", "-tls1_2", "-cipher",
                               f"{name}:@SECLEVEL=0"], input=b"", capture_output=True)
        assert (f"Cipher is {name}".encode() in done.stdout) == spoken, done.stdout.decode()


def test_plain_http_gets_no_answer(https, certificate):
    with https(certificate).connect() as connection:
        connection.request("GET", "/myip")
        connection.stream.settimeout(5)
        assert connection.at_end() or connection.at_end()  # after an alert, perhaps


# Sessions

@pytest.mark.parametrize("version", [V.TLSv1_2, V.TLSv1_3])
def test_sessions_are_resumed(https, certificate, version):
    gateway, context = https(certificate), certificates.client(version=version)
    with gateway.connect(tls=context) as first:
        first.request("GET", "/myip")
        assert first.answer().status == 200
        session = first.stream.session
        assert not first.stream.session_reused
    with gateway.connect(tls=context, session=session) as second:
        second.request("GET", "/myip")
        assert second.answer().status == 200
        assert second.stream.session_reused


def test_the_request_after_a_handshake_does_not_wait_for_an_acknowledgement(https, certificate):
    """Delayed, it would cost every one of them 40 ms."""
    gateway, context, taken_s = https(certificate), certificates.client(version=V.TLSv1_3), []
    for _ in range(20):
        with gateway.connect(tls=context) as connection:
            start = time.monotonic()
            connection.request("GET", "/myip")
            assert connection.answer().status == 200
            taken_s.append(time.monotonic() - start)
    assert sorted(taken_s)[5] < 0.03


# Slow clients, clients that leave, and the end

def hello():
    """The first octets of a client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        certificates.client().wrap_bio(incoming, outgoing).do_handshake()
    return outgoing.read()


def test_handshakes_that_stop_half_way_hold_nobody_up(https, certificate):
    gateway, octets = https(certificate), hello()
    with contextlib.ExitStack() as stack:
        for number in range(150):
            stack.enter_context(gateway.connect()).send(octets[:number * 2])
        for _ in range(10):
            start = time.monotonic()
            assert gateway.ask("GET", "/myip", tls=certificates.client()).status == 200
            assert gateway.ask("GET", "/myip", address="127.0.0.2").status == 200
            assert time.monotonic() - start < 2


def cpu_s(gateway):
    fields = Path(f"/proc/{gateway.process.popen.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_handshakes_that_stop_half_way_cost_nothing(https, certificate):
    """libmicrohttpd on its own tries such a handshake again and again."""
    gateway, octets = https(certificate), hello()
    with gateway.connect() as begun, gateway.connect() as half, gateway.connect() as in_the_middle:
        begun.send(octets[:1])
        half.send(octets[:len(octets) // 2])
        in_the_middle.send(octets)
        time.sleep(0.3)
        before = cpu_s(gateway)
        time.sleep(1)
        assert cpu_s(gateway) - before < 0.3


def test_who_does_not_begin_or_finish_a_handshake_is_cut_off(https, certificate):
    gateway = https(certificate, options={"idle_timeout_s": 1})
    with gateway.connect() as silent, gateway.connect() as started:
        started.send(hello()[:20])
        assert silent.at_end() and started.at_end()


def test_garbage(https, certificate):
    gateway = https(certificate)
    for octets in (b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"A" * 70000, b"\x80\x2e\x01\x00\x02", bytes(range(256))):
        with gateway.connect() as connection:
            connection.send(octets)
    assert gateway.ask("GET", "/myip", tls=certificates.client()).status == 200


def test_who_leaves_in_the_middle_of_an_update_harms_nobody(https, scripted, certificate):
    primary = scripted(slow(0.5))
    gateway, context = https(certificate, primary=primary), certificates.client()
    for number in range(10):
        with gateway.connect(tls=context) as connection:
            connection.request("GET", target(f"early{number}.{ZONE}", IP))
            if number % 2:
                connection.stream.settimeout(0)
                with contextlib.suppress(OSError):
                    connection.stream.unwrap()  # says that it is the end, and does not wait for an answer
    assert gateway.ask("GET", target(HOST, IP), tls=context).code == "OK"


def test_updates_in_flight_are_finished_before_the_end(https, scripted, certificate):
    primary = scripted(slow(0.5))
    gateway = https(certificate, primary=primary)
    with contextlib.ExitStack() as stack:
        stack.enter_context(gateway.connect())  # which says nothing
        connections = [stack.enter_context(gateway.connect(tls=certificates.client())) for _ in range(10)]
        for number, connection in enumerate(connections):
            connection.request("GET", target(f"h{number}.{ZONE}", IP))
        assert primary.got(1)
        time.sleep(0.1)
        gateway.signal("SIGTERM")
        assert [connection.answer().code for connection in connections] == ["OK"] * 10
    gateway.finish()


def test_real_clients(https, certificate):
    gateway = https(certificate)
    url = f"https://{certificate.name}:{gateway.port}/myip"
    said = subprocess.run(["curl", "-sS", "--cacert", certificate.path, "--resolve",
                           f"{certificate.name}:{gateway.port}:{LOOPBACK}", url, url],
                          capture_output=True, text=True, check=True)
    assert said.stdout == f"{LOOPBACK}\n" * 2


# What is wrong with the files

def check(folder, listener):
    path = folder / "ddnsgate.cfg"
    path.write_text(f"listen = ( {{ address = \"127.0.0.1\";\n{listener} }} );\n"
                    'tsig_keys = ( { name = "gw"; secret = "bm9ib2R5IGtub3dz"; } );\n'
                    'zones = ( { name = "dyn.example.com"; primaries = ( "127.0.0.1" ); key = "gw"; } );\n')
    path.chmod(0o600)
    return subprocess.run([BINARY, "check", "-c", path], capture_output=True, text=True, check=False)


def pair_of(certificate, key):
    return f'certificates = ( {{ certificate = "{certificate}";\nkey = "{key}"; }} );'


@pytest.fixture
def files(folder):
    """Files of many kinds, by names that are used in the tests below."""
    good, other = certificates.make(folder, stem="good"), certificates.make(folder, "other.test", stem="other")
    subprocess.run(["openssl", "ec", "-in", good.key_path, "-aes256", "-passout", "pass:x", "-out",
                    folder / "encrypted.key"], check=True, capture_output=True)
    (folder / "none.pem").write_text("nothing to see here\n")
    (folder / "broken.pem").write_text(good.path.read_text()[:200] + "\n-----END CERTIFICATE-----\n")
    (folder / "chain.pem").write_text(good.path.read_text() + other.path.read_text())
    return folder


@pytest.mark.parametrize("certificate, key, line, words", [
    ("good.pem", "other.key", 3, "not the key of the certificate"),
    ("missing.pem", "good.key", 2, "No such file"),
    ("good.pem", "missing.key", 3, "No such file"),
    ("none.pem", "good.key", 2, "no certificate"),
    ("good.pem", "none.pem", 3, "no private key"),
    ("good.pem", "good.pem", 3, "no private key"),
    ("good.key", "good.key", 2, "no certificate"),
    ("broken.pem", "good.key", 2, "broken.pem"),
    ("good.pem", "encrypted.key", 3, "passphrase"),
    (".", "good.key", 2, "directory"),
])
def test_files_that_are_wrong(files, certificate, key, line, words):
    done = check(files, pair_of(certificate, key))
    assert done.returncode == 1
    assert re.search(rf"ddnsgate\.cfg:{line}: .*{words}", done.stderr), done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("listener, line, words", [
    ('tls_min = "1.2";', 2, "no `certificates`"),
    ('certificates = ( { certificate = "good.pem";\nkey = "good.key"; } );\ntls_min = "1.4";', 4, "`tls_min` must be"),
    ('certificates = ( { certificate = "good.pem"; } );', 2, "`key` is missing"),
])
def test_options_that_are_wrong(files, listener, line, words):
    done = check(files, listener)
    assert done.returncode == 1
    assert re.search(rf"ddnsgate\.cfg:{line}: .*{words}", done.stderr), done.stderr


def test_a_chain_is_taken(files):
    done = check(files, pair_of("chain.pem", "good.key"))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("days, words", [(0, "has expired"), (5, "expires in [45] days"), (-90, "not valid yet")])
def test_certificates_that_expire_are_told(folder, certificate, monkeypatch, days, words):
    """The certificate is valid for 90 days; the clock is put to that many days before its end."""
    skew_s = (90 - days) * 86400 + 3600 if days >= 0 else days * 86400
    preloaded(monkeypatch, folder, "skewed_clock", CLOCK_SKEW_S=skew_s)
    done = check(folder, pair_of(certificate.path, certificate.key_path))
    assert done.returncode == 0
    assert re.search(rf"ddnsgate\.cfg:2: warning: .*{words}", done.stderr), done.stderr


def test_keys_that_others_can_read_are_told(folder):
    pair = certificates.make(folder, stem="open")
    pair.key_path.chmod(0o644)
    done = check(folder, pair_of(pair.path, pair.key_path))
    assert done.returncode == 0
    assert re.search(r"ddnsgate\.cfg:3: warning: .*chmod", done.stderr), done.stderr


def test_the_log_says_which_listeners_are_https(https, certificate):
    gateway = https(certificate)
    assert wait_until(lambda: "scheme=https" in gateway.log and "scheme=http\n" in gateway.log)
