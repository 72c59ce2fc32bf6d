"""SIGHUP: the new configuration as a whole or not at all, and nobody notices who need not."""

import contextlib
import os
import socket
import ssl
import threading
import time

import pytest

import certificates
import faulty
from faulty import Scripted
from gateway import ZONE, config_text, secret, target, user_setting, zone_setting
from process import LOOPBACK, wait_until
from servers import Bind, Key, Zone

HOST = f"www.{ZONE}"
IP = "192.0.2.1"
SECOND = "second.example.com"


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


def config(primary, **options):
    return config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], **options)


def reload(gateway, text=None, listen=None, outcome="reloaded"):
    """Writes a new configuration, sends SIGHUP and waits for what comes of it."""
    before = gateway.log.count(f"event={outcome} ")
    if text is not None:
        gateway.config = text
    if listen is not None:
        gateway.listen = listen
    gateway.write_config()
    gateway.signal("SIGHUP")
    assert wait_until(lambda: gateway.log.count(f"event={outcome} ") > before), gateway.log


# What changes

def test_users_and_their_keys(gateway, primary):
    front = gateway(config(primary))
    new_key = secret("another-key-of-alice")
    reload(front, config(primary, users=[user_setting(key=new_key), user_setting("bob", "the-key-of-bob")]))
    assert front.update(HOST, IP).code == "OD_KEY"
    assert front.update(HOST, IP, password=new_key).code == "OK"
    assert front.update(HOST, IP, user="bob", password="the-key-of-bob").code == "OK"


@pytest.mark.parametrize("gap", [[user_setting("another")], [user_setting(key="mistyped-in-the-configuration")]],
                         ids=["missing", "another key"])
def test_who_failed_because_of_a_configuration_is_not_locked_by_it(gateway, primary, gap):
    """A client in a hurry; and who guessed before the gap is where it was."""
    front = gateway(config(primary))
    for _ in range(20):
        assert front.ask("GET", target(HOST, IP, password="guessed-by-another-one"), source="127.0.0.9").code == "OD_KEY"
    reload(front, config(primary, users=gap))
    assert [front.update(HOST, IP).code for _ in range(21)][-1] == "TM_REQ"
    reload(front, config(primary))
    assert front.update(HOST, IP).code == "OK"
    assert front.ask("GET", target(HOST, IP), source="127.0.0.9").code == "TM_REQ"


def test_zones_come_and_go(gateway, scripted):
    primary = scripted()
    one = [zone_setting(ZONE, primary, primary.key)]
    both = [*one, zone_setting(SECOND, primary, primary.key)]
    keys = [primary.key]
    users = [user_setting(hosts=(f"zone:{ZONE}",))]
    more_users = [user_setting(hosts=(f"zone:{ZONE}", f"zone:{SECOND}"))]
    front = gateway(config_text(one, keys, users))
    assert front.update(f"www.{SECOND}", IP).code == "OS_DOMAIN"
    reload(front, config_text(both, keys, more_users))
    assert front.update(f"www.{SECOND}", IP).code == "OK"
    assert front.update(HOST, IP).code == "OK"
    reload(front, config_text(one, keys, users))
    assert front.update(f"www.{SECOND}", IP).code == "OS_DOMAIN"
    assert front.update(HOST, "192.0.2.3").code == "OK"


def test_another_primary(gateway, scripted):
    first, second = scripted(), scripted()
    front = gateway(config(first))
    assert front.update(HOST, IP).code == "OK"
    reload(front, config(second))
    before = len(first.requests)
    assert front.update(HOST, "192.0.2.9").code == "OK"
    assert len(first.requests) == before and second.updates


def test_a_new_secret_of_the_tsig_key(gateway):
    key, other = Key("gw"), Key("gw")
    with contextlib.closing(Bind([Zone(ZONE, ("gw",))], [key])) as server:
        server.start()
        front = gateway(config_text([zone_setting(ZONE, server, key)], [other]))
        assert front.update(HOST, IP).code == "SF_DNS"
        reload(front, config_text([zone_setting(ZONE, server, key)], [key]))
        assert front.update(HOST, IP).code == "OK"


def test_options(gateway, primary):
    front = gateway(config(primary, failed_logins_max=0))
    assert front.update(HOST).code == "IO_IP"
    reload(front, config(primary, failed_logins_max=0, allow_loopback=True, idle_timeout_s=1))
    assert front.update(HOST).code == "OK"
    with front.connect() as connection:
        start = time.monotonic()
        assert connection.at_end() and time.monotonic() - start < 10


def test_connections_from_before_another_idle_timeout_go_on(gateway, primary, tmp_path):
    pair = certificates.make(tmp_path)
    front = gateway(config(primary), listen=(LOOPBACK, {"address": "127.0.0.2", "certificates": [pair.setting]}))
    with front.connect() as plain, front.connect(address="127.0.0.2", tls=certificates.client()) as secure:
        for timeout_s in (20, 10, 5):
            reload(front, config(primary, idle_timeout_s=timeout_s))
            time.sleep(0.6)
            for connection in (plain, secure):
                connection.request("GET", target(HOST, IP))
                assert connection.answer().code == "OK"
            assert front.ask("GET", "/myip", address="127.0.0.2", tls=certificates.client()).status == 200


def test_the_log_level(gateway, primary):
    front = gateway(config(primary))
    reload(front, config(primary, log_level="warning"), outcome="reloading")
    time.sleep(0.5)
    size = len(front.log)
    assert front.update(HOST, IP).code == "OK"
    assert len(front.log) == size


def test_failed_logins_are_not_forgotten(gateway, primary):
    front = gateway(config(primary, failed_logins_max=2))
    for _ in range(2):
        assert front.update(HOST, IP, password="not-the-key-at-all").code == "OD_KEY"
    reload(front)
    assert front.update(HOST, IP).code == "TM_REQ"


# Listeners

def test_listeners_come_and_go(gateway, primary):
    front = gateway(config(primary), listen=(LOOPBACK, "127.0.0.2"))
    with front.connect() as kept, front.connect(address="127.0.0.2") as idle:
        for connection in (kept, idle):
            connection.request("GET", "/myip")
            assert connection.answer().status == 200
        reload(front, listen=(LOOPBACK, "127.0.0.3", {"path": "@FOLDER@/http.sock"}))
        assert idle.at_end()
        kept.request("GET", "/myip")
        assert kept.answer().status == 200
        assert front.ask("GET", "/myip", address="127.0.0.3").status == 200
        assert (front.folder / "http.sock").exists()
        with pytest.raises(ConnectionRefusedError):
            front.connect(address="127.0.0.2")
    reload(front, listen=(LOOPBACK,))
    assert not (front.folder / "http.sock").exists()


def test_the_mode_of_a_unix_socket(gateway, primary):
    front = gateway(config(primary), listen=(LOOPBACK, {"path": "@FOLDER@/http.sock"}))
    path = front.folder / "http.sock"
    inode = path.stat().st_ino
    reload(front, listen=(LOOPBACK, {"path": "@FOLDER@/http.sock", "mode": "0600"}))
    assert (path.stat().st_mode & 0o777, path.stat().st_ino) == (0o600, inode)


def test_requests_on_a_listener_that_goes_are_answered(gateway, scripted):
    primary = scripted(faulty.slow(0.7))
    front = gateway(config(primary), listen=(LOOPBACK, "127.0.0.2"))
    with front.connect(address="127.0.0.2") as connection:
        connection.request("GET", target(HOST, IP))
        assert primary.got(1)
        reload(front, listen=(LOOPBACK,))
        answer = connection.answer()
        assert answer.code == "OK" and answer.closes
        assert connection.at_end()


def test_options_of_a_listener(gateway, primary):
    front = gateway(config(primary))
    header = ["X-Forwarded-For: 198.51.100.7"]
    with front.connect() as connection:
        connection.request("GET", "/myip", header)
        assert connection.answer().text.strip() == LOOPBACK
        reload(front, listen=({"trusted_proxies": [LOOPBACK]},))
        connection.request("GET", "/myip", header)
        assert connection.answer().text.strip() == "198.51.100.7"
    reload(front, listen=({"trusted_proxies": [LOOPBACK], "proxy_protocol": True},))
    answer = front.ask("GET", "/myip", preface=b"PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n")
    assert answer.text.strip() == "203.0.113.9"


def test_a_listener_becomes_https_and_plain_again(gateway, primary, tmp_path):
    pair = certificates.make(tmp_path)
    front = gateway(config(primary))
    with front.connect() as plain:
        reload(front, listen=({"certificates": [pair.setting]},))
        with front.connect(tls=certificates.client(pair), name=pair.name) as secure:
            reload(front, listen=(LOOPBACK,))
            for connection in (plain, secure):
                connection.request("GET", "/myip")
                assert connection.answer().status == 200
    assert front.ask("GET", "/myip").status == 200


# Certificates

def presented(gateway, **how):
    with gateway.connect(tls=certificates.client(), **how) as connection:
        return ssl.DER_cert_to_PEM_cert(connection.stream.getpeercert(binary_form=True))


def test_a_renewed_certificate(gateway, primary, tmp_path):
    pair = certificates.make(tmp_path)
    front = gateway(config(primary), listen=({"certificates": [pair.setting]},))
    context = certificates.client(version=ssl.TLSVersion.TLSv1_2)
    with front.connect(tls=context) as kept:
        session = kept.stream.session
        old = pair.path.read_text()
        certificates.make(tmp_path)
        assert presented(front) == old
        reload(front)
        assert presented(front) == pair.path.read_text() != old
        kept.request("GET", target(HOST, IP))
        assert kept.answer().code == "OK"
    with front.connect(tls=context, session=session) as resumed:
        assert resumed.stream.session_reused


def test_a_broken_certificate_leaves_the_old_one_in_force(gateway, primary, tmp_path):
    pair = certificates.make(tmp_path)
    front = gateway(config(primary), listen=({"certificates": [pair.setting]},))
    old = pair.path.read_text()
    pair.path.write_text(old[:len(old) // 2])
    reload(front, outcome="reload-failed")
    assert presented(front) == old
    certificates.make(tmp_path, stem="other")
    pair.path.write_text((tmp_path / "other.pem").read_text())
    reload(front, outcome="reload-failed")
    assert presented(front) == old
    assert "it is not the key of the certificate" in front.log


# What is wrong leaves all as it was

@pytest.mark.parametrize("broken", [
    lambda text: text + "listne = 1;\n",
    lambda text: text + "fudge_s = = 1;\n",
    lambda text: text.replace("zones", "zonse"),
    lambda text: "",
    lambda text: '@include "."\n' + text,
    lambda text: '@include "@FOLDER@"\n' + text,
    lambda text: '@include "missing.cfg"\n' + text,
    lambda text: '@include "/dev/zero"\n' + text,
    lambda text: '@include "more.cfg"\n' + text,
], ids=["unknown option", "syntax", "zones missing", "empty", "folder", "absolute folder", "missing include", "device",
        "folder in an included file"])
def test_a_broken_file_changes_nothing(gateway, primary, broken):
    text = config(primary)
    front = gateway(text, files=[("more.cfg", '\n  @include  "/"\n')])
    with front.connect() as connection:
        connection.request("GET", "/myip")
        assert connection.answer().status == 200
        reload(front, broken(text), outcome="reload-failed")
        assert "event=configuration file=" in front.log
        connection.request("GET", target(HOST, IP))
        assert connection.answer().code == "OK"
    reload(front, text)


def test_a_file_that_is_gone_changes_nothing(gateway, primary):
    front = gateway(config(primary))
    front.path.unlink()
    front.signal("SIGHUP")
    assert wait_until(lambda: "event=reload-failed" in front.log)
    assert front.update(HOST, IP).code == "OK"


def test_a_listener_that_cannot_be_opened_changes_nothing(gateway, primary):
    front = gateway(config(primary))
    with socket.create_server(("127.0.0.2", front.port)):
        new_key = secret("the-key-that-never-comes")
        reload(front, config(primary, users=[user_setting(key=new_key)]), listen=("127.0.0.3", LOOPBACK, "127.0.0.2"),
               outcome="reload-failed")
    assert "cannot listen on 127.0.0.2" in front.log
    assert front.update(HOST, IP).code == "OK"
    assert front.update(HOST, IP, password=new_key).code == "OD_KEY"
    with pytest.raises(ConnectionRefusedError):
        front.connect(address="127.0.0.3")


# What is under way goes on

def test_updates_in_flight_finish_in_the_configuration_that_they_began_with(gateway, scripted):
    primary = scripted(faulty.slow(0.7))
    front = gateway(config(primary))
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(front.connect()) for _ in range(20)]
        for number, connection in enumerate(connections):
            connection.request("GET", target(f"h{number}.{ZONE}", IP))
        assert primary.got(1)
        other = scripted()
        reload(front, config_text([zone_setting(SECOND, other, other.key)], [other.key],
                                  [user_setting(hosts=(f"zone:{SECOND}",))]))
        assert [connection.answer().code for connection in connections] == ["OK"] * 20
        connections[0].request("GET", target(HOST, IP))
        assert connections[0].answer().code == "OS_DOMAIN"


def test_what_a_zone_remembers_stays(gateway, primary):
    """An address that was just set is confirmed without a look and without a transaction, on the same connection."""
    front = gateway(config(primary))
    assert front.update(HOST, "192.0.2.44").code == "OK"
    requests, connections = len(primary.requests), primary.connections
    reload(front)
    assert front.update(HOST, "192.0.2.44").code == "OK"
    assert (len(primary.requests), primary.connections) == (requests + 1, connections)


def test_the_end_in_the_middle_of_it(gateway, scripted):
    primary = scripted(faulty.slow(0.5))
    front = gateway(config(primary))
    with front.connect() as connection:
        connection.request("GET", target(HOST, IP))
        assert primary.got(1)
        front.signal("SIGHUP")
        front.signal("SIGTERM")
        front.signal("SIGHUP")
        assert connection.answer().code == "OK"
    front.finish()


# While the file is read, which may take long

class SlowFile:
    """In the place of the configuration: its readers wait until they are given something to read."""

    def __init__(self, gateway):
        self.gateway = gateway
        gateway.path.unlink()
        os.mkfifo(gateway.path, 0o600)

    def begin(self):
        """The next reading, which then waits."""
        before = self.gateway.log.count("event=reloading ")
        self.gateway.signal("SIGHUP")
        assert wait_until(lambda: self.gateway.log.count("event=reloading ") > before), self.gateway.log

    def give(self, text, last=False):
        """`last`: from then on it is a plain file, which holds the same."""
        with open(self.gateway.path, "w", encoding="utf-8") as fifo:  # opens when there is a reader
            if last:
                self.gateway.path.unlink()
                self.gateway.write_config()
            fifo.write(text)

    def text(self, config):
        """The gateway's is to be that from now on."""
        self.gateway.config = config
        return self.gateway.text_of_config()


@pytest.fixture
def slowly(gateway, primary):
    """A gateway whose file is slow, and that file."""
    front = gateway(config(primary))
    return front, SlowFile(front)


def test_requests_are_answered_while_a_file_is_read(slowly, primary):
    front, file = slowly
    file.begin()
    for _ in range(3):
        assert front.update(HOST, IP).code == "OK"
    new_key = secret("another-key-of-alice")
    file.give(file.text(config(primary, users=[user_setting(key=new_key)])))
    assert wait_until(lambda: "event=reloaded " in front.log), front.log
    assert front.update(HOST, IP).code == "OD_KEY"
    assert front.update(HOST, IP, password=new_key).code == "OK"


def test_reloads_that_are_asked_for_meanwhile_are_one_more(slowly, primary):
    """The file may have changed behind the reader's back, so what came last is what is in force in the end."""
    front, file = slowly
    file.begin()
    for _ in range(3):
        front.signal("SIGHUP")
        assert front.update(HOST, IP).code == "OK"  # signals have come by then
    first, second = secret("the-first-new-key"), secret("the-second-new-key")
    text = file.text(config(primary, users=[user_setting(key=first)]))
    file.text(config(primary, users=[user_setting(key=second)]))
    file.give(text, last=True)
    assert wait_until(lambda: front.log.count("event=reloaded ") == 2), front.log
    assert front.update(HOST, IP, password=first).code == "OD_KEY"
    assert front.update(HOST, IP, password=second).code == "OK"
    assert front.log.count("event=reloading ") == 2


def test_a_broken_file_and_a_good_one_that_is_asked_for_meanwhile(slowly, primary):
    front, file = slowly
    file.begin()
    front.signal("SIGHUP")
    assert front.update(HOST, IP).code == "OK"
    new_key = secret("another-key-of-alice")
    file.text(config(primary, users=[user_setting(key=new_key)]))
    file.give("nonsense", last=True)
    assert wait_until(lambda: "event=reloaded " in front.log), front.log
    assert front.log.index("event=reload-failed ") < front.log.index("event=reloaded ")
    assert front.update(HOST, IP, password=new_key).code == "OK"


def test_the_end_while_a_file_is_read(slowly, primary):
    """Nothing comes into force any more, and nothing of what was read is left over."""
    front, file = slowly
    file.begin()
    front.signal("SIGHUP")
    front.signal("SIGTERM")
    assert wait_until(lambda: "event=drained " in front.log), front.log
    file.give(file.text(config(primary)), last=True)
    front.finish()
    assert "event=reloaded " not in front.log and front.log.count("event=reloading ") == 1


def test_hundreds_of_zones_come_and_go(gateway, primary):
    """Among them a zone that stays, with what it remembers; of the others nothing is left."""
    zones = [zone_setting(f"customer{number}.example.com", primary, primary.key) for number in range(500)]
    users = [user_setting(f"customer{number}", hosts=(f"zone:customer{number}.example.com",)) for number in range(500)]
    many = config_text([*zones, zone_setting(ZONE, primary, primary.key)], [primary.key], [user_setting(), *users])
    front = gateway(config(primary))
    for _ in range(2):
        reload(front, many)
        assert "zones=501 users=501" in front.log
        assert front.update("www.customer499.example.com", IP, user="customer499").code == "OK"
        assert front.update(HOST, IP).code == "OK"
        reload(front, config(primary))
        assert front.update("www.customer499.example.com", IP, user="customer499").code == "NF_USR"
        assert front.update(HOST, IP).code == "OK"


# Under load, in front of a real primary

class Client(threading.Thread):
    """Updates a host of its own on one connection, over and over; keeps what was wrong. A new connection now and then,
    so that accepting is tried, too."""

    def __init__(self, gateway, host, **how):
        super().__init__()
        self.gateway, self.host, self.how = gateway, host, how
        self.over, self.answers, self.faults = False, 0, []
        self.reconnects = "reconnects" in self.how and self.how.pop("reconnects")

    def run(self):
        while not self.over and not self.faults:
            try:
                with self.gateway.connect(**self.how) as connection:
                    self._ask(connection)
            except OSError as error:
                self.faults.append(repr(error))

    def _ask(self, connection):
        while not self.over and not self.faults:
            address = f"10.0.{self.answers >> 8 & 255}.{self.answers & 255}"
            connection.request("GET", target(self.host, address))
            answer = connection.answer()
            if answer is None or answer.code != "OK":
                self.faults.append(f"after {self.answers}: {answer}")
            self.answers += 1
            if self.reconnects and self.answers % 10 == 0:
                return


def test_fifty_reloads_under_load_fail_no_request_and_drop_no_connection(gateway, own_primary, tmp_path):
    pair = certificates.make(tmp_path)
    key = own_primary.key()
    users = [user_setting(hosts=(f"zone:{ZONE}",))]
    text = config_text([zone_setting(ZONE, own_primary, key), zone_setting(SECOND, own_primary, key)], [key], users,
                       log_level="info")
    other = config_text([zone_setting(ZONE, own_primary, key, ttl=60)], [key], users, log_level="info", fudge_s=200)
    listen = (LOOPBACK, {"address": "127.0.0.2", "certificates": [pair.setting]})
    front = gateway(text, listen=listen)
    tls = {"address": "127.0.0.2", "tls": certificates.client()}
    hosts = own_primary.new_hosts(8, ("A", "192.0.2.1"))
    clients = [Client(front, host, reconnects=number % 2 == 1, **(tls if number >= 4 else {}))
               for number, host in enumerate(hosts)]
    for client in clients:
        client.start()
    try:
        for number in range(50):
            extra = ("127.0.0.3",) if number % 3 == 0 else ()
            reload(front, other if number % 2 else text, listen=(*listen, *extra))
            if number % 10 == 5:
                reload(front, "nonsense", outcome="reload-failed")
            time.sleep(0.05)
    finally:
        for client in clients:
            client.over = True
        for client in clients:
            client.join()
    assert [client.faults for client in clients] == [[]] * len(clients)
    assert all(client.answers > 50 for client in clients)


# systemd

@pytest.fixture
def manager(tmp_path):
    """The socket that a service manager listens to."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(10)
        yield listening


def said(manager):
    return dict(line.split("=", 1) for line in manager.recv(1000).decode().splitlines())


def test_systemd_is_told_of_readiness_reloads_and_the_end(gateway, primary, manager, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    front = gateway(config(primary))
    assert said(manager) == {"READY": "1"}
    before = time.monotonic_ns() // 1000
    front.signal("SIGHUP")
    message = said(manager)
    assert message["RELOADING"] == "1"
    assert before <= int(message["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert said(manager) == {"READY": "1"}
    front.path.write_text("nonsense")
    front.signal("SIGHUP")
    assert [list(said(manager))[0], list(said(manager))[0]] == ["RELOADING", "READY"]
    front.signal("SIGTERM")
    assert said(manager) == {"STOPPING": "1"}


def test_systemd_is_told_that_all_is_well(gateway, primary, manager, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", manager.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    gateway(config(primary))
    assert said(manager) == {"READY": "1"}
    start = time.monotonic()
    assert [said(manager) for _ in range(5)] == [{"WATCHDOG": "1"}] * 5
    assert 0.6 < time.monotonic() - start < 5


ACTIVATE = """
import os, socket, sys
path, tcp_port, *command = sys.argv[1:]
tcp = socket.create_server(("127.0.0.1", int(tcp_port)))
unix = socket.socket(socket.AF_UNIX)
unix.bind(path)
unix.listen()
datagrams = socket.socket(type=socket.SOCK_DGRAM)
datagrams.bind(tcp.getsockname())
stray = socket.create_server(("127.0.0.1", 0))
for number, each in enumerate((datagrams, tcp, unix, stray)):
    os.dup2(each.fileno(), 20 + number)
for number in range(4):
    os.dup2(20 + number, 3 + number)
os.environ.update(LISTEN_FDS="12", LISTEN_PID=str(os.getpid()))
os.execv(command[0], command)
"""


def test_sockets_of_systemd_are_used(gateway, primary, tmp_path, monkeypatch):
    """As a service with two sockets would be started, and with two that nobody wants, one of them for datagrams;
    their number is told wrong."""
    import gateway as harness
    path = tmp_path / "http.sock"
    starter = tmp_path / "ddnsgate"
    starter.write_text(f"#!/bin/sh\nexec /usr/bin/python3 -c '{ACTIVATE}' {path} "
                       f"$(sed -n 's/.*port = \\([0-9]*\\).*/\\1/p' \"$3\" | head -n 1) {harness.BINARY} \"$@\"\n")
    starter.chmod(0o755)
    monkeypatch.setattr(harness, "BINARY", str(starter))
    front = gateway(config(primary), listen=(LOOPBACK, {"path": str(path)}))
    assert front.log.count("event=socket-unused") == 2
    assert front.ask("GET", "/myip").text.strip() == LOOPBACK
    answer = front.ask("GET", "/myip", ["X-Forwarded-For: 198.51.100.7"], path=path)
    assert answer.text.strip() == "198.51.100.7"
    reload(front)
    assert front.ask("GET", "/myip").status == 200
    front.signal("SIGTERM")
    front.finish()
    assert path.exists(), "it belongs to systemd"
