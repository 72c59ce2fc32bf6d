"""DNS over TLS to a real BIND: it has to prove who it is, and only then is anything sent."""

import contextlib
import hashlib
import subprocess

import pytest

import certificates
from gateway import BINARY, SHORT_TIMEOUTS, ZONE, config_text, user_setting, zone_setting
from process import LOOPBACK, free_port, wait_until
from servers import Bind, Key, Zone
from test_operations import Observed

SECOND = "second.example.com"
OLD_V4, V4 = ("A", "192.0.2.1"), "198.51.100.7"
WRONG_PIN = "sha256:" + "00" * 32


def make_certificate(folder, name, names):
    """Its own authority; returns its public key's pin."""
    path = certificates.make(folder, "test", stem=name, names=names).path
    text = subprocess.run(["openssl", "x509", "-in", path, "-noout", "-pubkey"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=text, check=True,
                         capture_output=True).stdout
    return "sha256:" + hashlib.sha256(der).hexdigest()


class TlsBind(Bind):
    """Also on a second port, where it speaks TLS."""

    def start(self):
        self.tls_port = free_port()
        self.pin = make_certificate(self.folder, "server", f"DNS:localhost,DNS:ns1.example.com,IP:{LOOPBACK}")
        make_certificate(self.folder, "other", "DNS:localhost")
        return super().start()

    def ca(self, name="server"):
        return f"{self.folder}/{name}.pem"

    def _config(self):
        tls = f'tls ours {{ cert-file "{self.folder}/server.pem"; key-file "{self.folder}/server.key"; }};\n'
        listen = f"listen-on port {self.tls_port} tls ours {{ {LOOPBACK}; }};\n\tpid-file none;"
        return tls + super()._config().replace("pid-file none;", listen)


@pytest.fixture(scope="module")
def server():
    keys = [Key("gw")]
    with contextlib.closing(TlsBind([Zone(ZONE, ("gw",)), Zone(SECOND, ("gw",))], keys, idle_timeout_s=1)) as server:
        yield server.start()


def zone_over_tls(server, zone=ZONE, host=LOOPBACK, **settings):
    return zone_setting(zone, f"{host}:{server.tls_port}", server.key("gw"), **settings)


def good_settings(server):
    return {
        "pin": {"tls_pins": [WRONG_PIN, server.pin]},
        "authority": {"tls_ca": server.ca()},
        "authority and name": {"tls_ca": server.ca(), "tls_name": "ns1.example.com"},
        "authority, primary by name": {"tls_ca": server.ca(), "host": "localhost"},
        "both": {"tls_ca": server.ca(), "tls_pins": [server.pin]},
    }


def bad_settings(server):
    return {
        "wrong pin": ({"tls_pins": [WRONG_PIN]}, "TLS: the primary's public key is none of tls_pins"),
        "wrong name": ({"tls_ca": server.ca(), "tls_name": "ns2.example.com"}, "hostname mismatch"),
        "wrong authority": ({"tls_ca": server.ca("other")}, "self-signed certificate"),
        "authorities of the system": ({"tls_ca": "system"}, "self-signed certificate"),
        "right authority, wrong pin": ({"tls_ca": server.ca(), "tls_pins": [WRONG_PIN]},
                                       "TLS: the primary's public key is none of tls_pins"),
    }


GOOD = ["pin", "authority", "authority and name", "authority, primary by name", "both"]
BAD = ["wrong pin", "wrong name", "wrong authority", "authorities of the system", "right authority, wrong pin"]


@pytest.mark.parametrize("way", GOOD)
def test_updates_over_tls(server, gateway, way):
    running = gateway(config_text([zone_over_tls(server, **good_settings(server)[way])], [server.key("gw")]))
    hosts = server.new_hosts(20, OLD_V4)
    for host in hosts:
        assert running.update(host, V4).code == "OK"
        assert server.records(host, "A")[1] == [V4]
    assert "event=tls-open " in running.log and "version=TLSv1.3" in running.log


@pytest.mark.parametrize("way", BAD)
def test_nothing_is_sent_to_who_cannot_prove_it(server, gateway, way):
    settings, reason = bad_settings(server)[way]
    observed = Observed(gateway, [zone_over_tls(server, **settings)], [server.key("gw")], **SHORT_TIMEOUTS)
    host = server.new_host(OLD_V4)
    serial = server.serial()
    answer = observed.gateway.update(host, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503) and "unknown" not in answer.text
    assert (server.records(host, "A")[1], server.serial()) == ([OLD_V4[1]], serial)
    assert reason in observed.gateway.log
    assert observed.metrics().value("ddnsgate_primary_messages_total", primary=f"{LOOPBACK}:{server.tls_port}") == 0
    assert ("event=tls-not-pinned" in observed.gateway.log and server.pin in observed.gateway.log) == ("pin" in way)


def test_a_primary_that_cannot_prove_it_is_left_for_the_next_one(server, gateway):
    with contextlib.closing(TlsBind([Zone(ZONE, ("gw",))], [server.key("gw")])) as other:
        other.start()
        primaries = [f"{LOOPBACK}:{each.tls_port}" for each in (other, server)]
        zone = zone_setting(ZONE, primaries, server.key("gw"), tls_pins=[server.pin])
        running = gateway(config_text([zone], [server.key("gw")]))
        host = server.new_host(OLD_V4)
        assert running.update(host, V4).code == "OK"
        assert server.records(host, "A")[1] == [V4]
        assert other.pin in running.log


def test_a_primary_that_speaks_no_tls(server, gateway):
    zone = zone_setting(ZONE, server, server.key("gw"), tls_pins=[server.pin])
    running = gateway(config_text([zone], [server.key("gw")], **SHORT_TIMEOUTS))
    assert running.update(server.new_host(OLD_V4), V4).code == "UA_DNS"


def test_a_tls_primary_that_is_spoken_to_in_plain(server, gateway):
    running = gateway(config_text([zone_over_tls(server)], [server.key("gw")], **SHORT_TIMEOUTS))
    assert running.update(server.new_host(OLD_V4), V4).code == "UA_DNS"


def test_idle_connections_that_bind_closes_cost_no_update(server, gateway):
    observed = Observed(gateway, [zone_over_tls(server, tls_pins=[server.pin])], [server.key("gw")])
    label = f"{LOOPBACK}:{server.tls_port}"
    for number in range(1, 3):
        assert observed.gateway.update(server.new_host(OLD_V4), V4).code == "OK"
        assert wait_until(lambda: observed.gateway.log.count("event=primary-disconnected") == number)
    assert observed.metrics().value("ddnsgate_primary_connections_total", primary=label) == 2


def test_zones_with_the_same_settings_share_a_connection(server, gateway):
    zones = [zone_over_tls(server, zone, tls_pins=[server.pin]) for zone in (ZONE, SECOND)]
    users = [user_setting(hosts=[f"zone:{ZONE}", f"zone:{SECOND}"])]
    observed = Observed(gateway, zones, [server.key("gw")], users=users)
    for zone in (ZONE, SECOND):
        assert observed.gateway.update(server.new_host(OLD_V4, zone=zone), V4).code == "OK"
    label = f"{LOOPBACK}:{server.tls_port}"
    assert observed.metrics().value("ddnsgate_primary_connections_total", primary=label) == 1


# check --live

def check_live(tmp_path, server, **settings):
    path = tmp_path / "ddnsgate.cfg"
    path.write_text(f'listen = ( {{ address = "{LOOPBACK}"; port = 1; }} );\n' +
                    config_text([zone_over_tls(server, **settings)], [server.key("gw")]))
    path.chmod(0o600)
    return subprocess.run([BINARY, "check", "--live", "-c", str(path)], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("way", GOOD)
def test_live_check_over_tls(server, tmp_path, way):
    done = check_live(tmp_path, server, **good_settings(server)[way])
    if way == "authority, primary by name":  # localhost may have ::1, too, where BIND does not speak TLS
        assert f"localhost:{server.tls_port} [{LOOPBACK}]: takes TSIG key gw" in done.stdout
    else:
        assert done.returncode == 0, done.stdout
        assert len(done.stdout.splitlines()) == 6


@pytest.mark.parametrize("way", BAD)
def test_live_check_tells_why_tls_fails(server, tmp_path, way):
    settings, reason = bad_settings(server)[way]
    done = check_live(tmp_path, server, **settings)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [
        f"FAIL {ZONE} {LOOPBACK}:{server.tls_port}: no TLS connection comes about ({reason}): see tls_pins, tls_ca and "
        "tls_name here, and whether it listens there (listen-on ... tls in named.conf)"]


# Configuration

@pytest.mark.parametrize("settings, words", [
    ({"tls_pins": ["sha256:12"]}, "64 hexadecimal digits"),
    ({"tls_ca": "nowhere.pem"}, "cannot read the certificates in"),
    ({"tls_name": "ns1.example.com"}, "only `tls_ca` makes good"),
    ({"tls_ca": "system", "tls_name": "a..b"}, "neither a host name nor an IP address"),
], ids=["pin", "authority", "name alone", "name"])
def test_settings_that_are_wrong(server, tmp_path, settings, words):
    done = check_live(tmp_path, server, **settings)
    assert done.returncode == 1 and done.stdout == "" and words in done.stderr


def test_a_file_without_certificates_stops_the_start(server, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    done = check_live(tmp_path, server, tls_ca=str(empty))
    assert done.returncode == 1 and f"cannot read certificates from {empty}: " in done.stderr
