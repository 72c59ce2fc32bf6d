"""A listener at a link-local address, which is one only together with its interface. Needs an interface that has one."""

import contextlib
import ipaddress
import pathlib

import pytest

from faulty import Scripted
from gateway import ZONE, config_text, target, zone_setting
from process import wait_until

HOST = f"www.{ZONE}"


def link_local():
    """`fe80::...%eth0`, of the first interface that has such an address and may use it."""
    path = pathlib.Path("/proc/net/if_inet6")
    for digits, _, _, scope, flags, interface in map(str.split, path.read_text().splitlines() if path.exists() else []):
        tentative = int(flags, 16) & 0x48
        if scope == "20" and not tentative:
            return f"{ipaddress.IPv6Address(int(digits, 16))}%{interface}"
    pytest.skip("no interface has a link-local address")


@pytest.fixture(scope="module")
def primary():
    with contextlib.closing(Scripted()) as scripted:
        yield scripted


def test_a_listener_with_its_interface(gateway, primary):
    address = link_local()
    front = gateway(config_text([zone_setting(ZONE, primary, primary.key)], [primary.key]), listen=(address,))
    assert f'event=listening address="[{address}]:{front.port}"' in front.log
    with front.connect(address=address) as connection:
        connection.request("GET", target(HOST, "192.0.2.1"))
        assert connection.answer().code == "OK"
        front.signal("SIGHUP")
        assert wait_until(lambda: "event=reloaded" in front.log)
        connection.request("GET", target(HOST, "192.0.2.2"))
        assert connection.answer().code == "OK", "the listener has stayed"
        connection.request("GET", target(HOST))
        assert connection.answer().code != "OK", "nobody else gets to a link-local address"
