"""A kernel without IPv6: what can be served is served."""

import contextlib

import pytest

from faulty import Scripted
from gateway import ZONE, config_text, target, zone_setting
from process import LOOPBACK, preloaded, wait_until

HOST = f"www.{ZONE}"


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


@pytest.fixture
def config(primary, monkeypatch, tmp_path):
    preloaded(monkeypatch, tmp_path, "no_ipv6")
    return config_text([zone_setting(ZONE, primary, primary.key)], [primary.key])


def test_every_address_is_every_ipv4_address(gateway, config):
    front = gateway(config, listen=("::",))
    warning, = [line for line in front.log.splitlines() if "event=no-ipv6" in line]
    assert "level=warning" in warning and f"port={front.port}" in warning
    assert f"event=listening address=0.0.0.0:{front.port}" in front.log
    assert front.ask("GET", target(HOST, "192.0.2.1")).code == "OK"
    assert front.ask("GET", "/myip", address="127.0.0.9", source="127.0.0.9").text == "127.0.0.9\n"
    with front.connect() as connection:
        front.signal("SIGHUP")
        assert wait_until(lambda: "event=reloaded" in front.log)
        connection.request("GET", "/myip")
        assert connection.answer().status == 200, "the listener has stayed"


@pytest.mark.parametrize("other", [LOOPBACK, "0.0.0.0"])
def test_beside_listeners_for_ipv4_it_is_nothing(gateway, config, other):
    front = gateway(config, listen=("::", other))
    assert "event=no-ipv6" in front.log
    assert front.ask("GET", "/myip").status == 200


def test_an_address_of_its_own_cannot_be_had(gateway, config):
    with pytest.raises(AssertionError, match=r"cannot listen on \[::1\]"):
        gateway(config, listen=("::1",))
