"""Fewer open files than clients and primaries together want: primaries get theirs, and so do the state store and a
reload."""

import contextlib
import os
import time

import pytest

import gateway as gateway_module
from faulty import Scripted
from gateway import BINARY, Connection, config_text, target, user_setting, zone_setting
from process import LOOPBACK, free_port, wait_until
from prometheus import Metrics

ALLOWED, PRIMARIES, CLIENTS = 200, 60, 160


def zone(number):
    return f"z{number}.example.com"


@pytest.fixture
def limited(monkeypatch, tmp_path):
    """The program may not open more than ALLOWED files, nor raise that, whoever runs the tests."""
    by = [] if os.geteuid() else ["setpriv", "--bounding-set", "-sys_resource"]
    program = tmp_path / "limited"
    program.write_text(f'#!/bin/sh\nexec prlimit --nofile={ALLOWED}:{ALLOWED} {" ".join(by)} "{BINARY}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(gateway_module, "BINARY", str(program))


@pytest.fixture
def primary():
    with contextlib.closing(Scripted(address="0.0.0.0")) as scripted:
        yield scripted


def config(primary, state_dir, idle_timeout_s, **more):
    """Each zone has a primary of its own, so that each wants a connection."""
    zones = [zone_setting(zone(n), f"127.0.1.{n}:{primary.port}", primary.key) for n in range(1, PRIMARIES + 1)]
    users = [user_setting(hosts=[f"zone:{each['name']}" for each in zones])]
    return config_text(zones, [primary.key], users, state_dir=str(state_dir), max_connections=1000,
                       max_connections_per_source=0, idle_timeout_s=idle_timeout_s, request_timeout_ms=3000,
                       connect_timeout_ms=500, **more)


class Watch:
    """A connection to the admin listener, made before the others. Only the process itself may look into it."""

    def __init__(self, port):
        self._port, self._connection = port, Connection(port)

    def descriptors(self):
        if (answer := self._ask()) is None:  # it was idle for too long
            self.close()
            self._connection = Connection(self._port)
            answer = self._ask()
        return Metrics(answer.text).value("process_open_fds")

    def _ask(self):
        self._connection.request("GET", "/metrics", host=f"{LOOPBACK}:{self._port}")
        return self._connection.answer()

    def close(self):
        self._connection.close()


@pytest.fixture
def watch():
    with contextlib.ExitStack() as stack:
        yield lambda port: stack.enter_context(contextlib.closing(Watch(port)))


def test_primaries_first(limited, primary, gateway, watch, tmp_path):
    state_dir = tmp_path / "state"
    state_dir.mkdir(mode=0o700)
    admin_port = free_port()
    front = gateway(config(primary, state_dir, idle_timeout_s=2, admin_listen=f"{LOOPBACK}:{admin_port}"))
    watched = watch(admin_port)
    assert "event=few-descriptors" in front.log and f"allowed={ALLOWED}" in front.log

    def updates(connection, address):
        for number in range(1, PRIMARIES + 1):
            connection.request("GET", target(f"www.{zone(number)}", address))
            answer = connection.answer()
            assert answer.code == "OK", (number, answer, front.process.tail(3))

    with contextlib.ExitStack() as stack:
        first = stack.enter_context(front.connect())
        first.request("GET", "/myip")
        assert first.answer().status == 200
        for _ in range(CLIENTS):
            stack.enter_context(front.connect()).send(b"GET /m")
        assert wait_until(lambda: watched.descriptors() > 50)
        updates(first, "192.0.2.1")
        assert primary.connections >= PRIMARIES
        front.signal("SIGHUP")
        assert wait_until(lambda: "event=reloaded" in front.log), front.process.tail(5)
        updates(first, "192.0.2.2")
        assert "state-unreadable" not in front.log and "history-failed" not in front.log
        assert watched.descriptors() < ALLOWED
    assert front.ask("GET", "/myip").status == 200


def test_there_is_a_bound_for_all_listeners_together(limited, primary, gateway, watch, tmp_path):
    """Those that a reload has removed have connections, too."""
    (tmp_path / "state").mkdir(mode=0o700)
    admin_port = free_port()
    front = gateway(config(primary, tmp_path / "state", idle_timeout_s=60, admin_listen=f"{LOOPBACK}:{admin_port}"),
                    listen=("127.0.0.1", "127.0.0.2"))
    watched = watch(admin_port)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(front.connect(address="127.0.0.2"))
        for address in ("127.0.0.1", "127.0.0.2"):
            for _ in range(CLIENTS // 2):
                stack.enter_context(front.connect(address=address)).send(b"GET /m")
        front.listen = ("127.0.0.2", "127.0.0.3")
        front.write_config()
        front.signal("SIGHUP")
        assert wait_until(lambda: "event=reloaded" in front.log), front.process.tail(5)
        for _ in range(CLIENTS):
            stack.enter_context(front.connect(address="127.0.0.3")).send(b"GET /m")
        for number in range(1, PRIMARIES + 1):
            first.request("GET", target(f"www.{zone(number)}", "192.0.2.1"))
            assert first.answer().code == "OK"
        assert watched.descriptors() < ALLOWED


def test_reloads_leave_nothing_open(primary, gateway, watch, tmp_path):
    """With the state store in use before and after each."""
    (tmp_path / "state").mkdir(mode=0o700)
    admin_port = free_port()
    front = gateway(config(primary, tmp_path / "state", idle_timeout_s=60, admin_listen=f"{LOOPBACK}:{admin_port}"))
    watched = watch(admin_port)

    def use(number):
        assert front.update(f"www.{zone(1)}", f"192.0.2.{number}").code == "OK"
        assert front.update(f"www.{zone(1)}", "192.0.2.1", user="nobody").code == "NF_USR"

    def reload(times):
        front.signal("SIGHUP")
        assert wait_until(lambda: front.log.count("event=reloaded") == times), front.process.tail(5)

    use(1)
    reload(1)
    use(2)
    time.sleep(1.5)  # for the generation before, and the history's first batch
    before = watched.descriptors()
    for number in range(2, 14):
        reload(number)
        use(number + 1)
    assert wait_until(lambda: watched.descriptors() <= before), (before, watched.descriptors())
