"""Started as root without systemd: privileges are dropped before the first request, or nothing is served at all."""

import contextlib
import os
import pwd
import random
import resource
import socket
import sqlite3
import tempfile
from pathlib import Path

import pytest

from gateway import BINARY, PATIENCE_S, ZONE, config_text, libconfig, zone_setting
from process import LOOPBACK, Process, free_port, wait_until

V4, V4_MOVED = "198.51.100.7", "198.51.100.8"
NOBODY = pwd.getpwnam("nobody")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def front(gateway, scripted):
    def make(**options):
        primary = scripted()
        return gateway(config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], **options))
    return make


def status_of(gateway):
    """The lines of /proc/PID/status. setpriv, which starts the gateway, becomes it."""
    text = Path(f"/proc/{gateway.process.popen.pid}/status").read_text(encoding="ascii")
    return {name: value.split() for name, _, value in (line.partition(":") for line in text.splitlines())}


@as_root
def test_root_becomes_the_user(front):
    gateway = front(user="nobody")
    status = status_of(gateway)
    assert status["Uid"] == [str(NOBODY.pw_uid)] * 4
    assert status["Gid"] == [str(NOBODY.pw_gid)] * 4
    assert "0" not in status["Groups"]
    assert all(int(status[name][0], 16) == 0 for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"))
    assert status["NoNewPrivs"] == ["1"]
    assert gateway.update(f"www.{ZONE}", V4).code == "OK"


@as_root
def test_the_state_store_belongs_to_the_user_and_not_to_root(front):
    """It is made and opened when the rights of root are gone; else nothing could be written to it later."""
    with tempfile.TemporaryDirectory(prefix="ddnsgate-state-") as folder:
        os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
        gateway = front(user="nobody", state_dir=folder)
        assert gateway.update(f"www.{ZONE}", V4).code == "OK"
        assert wait_until(lambda: hosts_in(folder) == [(f"www.{ZONE}",)])
        assert {path.stat().st_uid for path in Path(folder).iterdir()} == {NOBODY.pw_uid}
        assert "event=history-failed" not in gateway.log


def hosts_in(folder):
    with contextlib.closing(sqlite3.connect(f"file:{folder}/ddnsgate.db?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT host FROM hosts").fetchall()


@as_root
def test_the_state_file_is_the_users(front):
    """It is made before root is given up, and used afterwards: after a reload by connections of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
        gateway = front(user="nobody", state_dir=name)
        gateway.folder.chmod(0o755)
        gateway.path.chmod(0o644)
        for address, count in ((V4, 1), (V4_MOVED, 2)):
            assert gateway.update(f"www.{ZONE}", address).code == "OK"
            gateway.signal("SIGHUP")
            assert wait_until(lambda: gateway.log.count("event=reloaded") == count)
        assert {(each.owner(), each.stat().st_mode & 0o777) for each in folder.iterdir()} == {("nobody", 0o600)}
        gateway.signal("SIGTERM")
        gateway.finish()
        assert "state-unreadable" not in gateway.log and "history-failed" not in gateway.log


def test_memory_is_kept_from_core_dumps(front):
    gateway = front()
    assert resource.prlimit(gateway.process.popen.pid, resource.RLIMIT_CORE) == (0, 0)
    # What the kernel shows of a process that must not be dumped belongs to root.
    assert Path(f"/proc/{gateway.process.popen.pid}/maps").stat().st_uid == 0


@as_root
def test_root_is_told_that_it_is_not_needed(front):
    assert "event=runs-as-root" in front().log


@as_root
def test_as_many_open_files_as_connections(front):
    gateway = front(max_connections=3000)
    allowed, _ = resource.prlimit(gateway.process.popen.pid, resource.RLIMIT_NOFILE)
    assert allowed >= 3000


def launch(tmp_path, port, by=(), **options):
    """A gateway without a primary, `by` a program that changes what it may do. It ends with the test."""
    path = tmp_path / "ddnsgate.cfg"
    listen = libconfig([{"address": LOOPBACK, "port": port}])
    key = {"name": "gw", "secret": "bm90IGEgcmVhbCBzZWNyZXQ="}
    zones = [{"name": ZONE, "primaries": [LOOPBACK], "key": "gw"}]
    path.write_text(f"listen = {listen};\n" + config_text(zones, [key], **options))
    return Process("ddnsgate", [*by, BINARY, "serve", "-c", str(path)], tmp_path / "log")


def refusal(tmp_path, sentence, **options):
    """Starts a gateway that must end by itself, and requires that it says why."""
    process = launch(tmp_path, free_port(), **options)
    assert process.wait() == 1
    assert sentence in process.output() and "event=ready" not in process.output()


@as_root
def test_a_low_port_is_bound_before(tmp_path):
    """Any of these ports may be taken; then it says so."""
    for port in random.sample(range(600, 1024), 20):
        process = launch(tmp_path, port, user="nobody")
        wait_until(lambda: "event=ready" in process.output() or not process.running)
        if process.running:
            break
        assert "in use" in process.output()
    try:
        socket.create_connection((LOOPBACK, port), timeout=PATIENCE_S).close()
        assert "event=privileges-dropped user=nobody" in process.output()
    finally:
        assert process.stop() == 0


@as_root
def test_what_cannot_be_dropped_is_not_kept(tmp_path):
    """Root in a container may lack the right to become another user: it does not serve as root instead."""
    refusal(tmp_path, "cannot become user nobody", user="nobody", by=["setpriv", "--bounding-set=-setuid,-setgid"])


def test_an_unknown_user_is_refused(tmp_path):
    refusal(tmp_path, "there is no user no-such-user", user="no-such-user")


def test_root_as_the_user_is_refused(tmp_path):
    refusal(tmp_path, "rights of root", user="root")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can become anybody")
def test_another_user_without_root_is_refused(tmp_path):
    refusal(tmp_path, "start as root or as that user", user="nobody")
