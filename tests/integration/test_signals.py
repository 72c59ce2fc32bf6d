"""Signals in the moments when the loop does not run yet, or not any more."""

import contextlib
import signal

import pytest

from faulty import Scripted
from gateway import BINARY, ZONE, config_text, zone_setting
from process import Process, preloaded, wait_until


@pytest.fixture(scope="module")
def config():
    with contextlib.closing(Scripted()) as primary:
        yield config_text([zone_setting(ZONE, primary, primary.key)], [primary.key], log_level="info")


def number(name):
    return int(getattr(signal, name))


@pytest.mark.parametrize("name, then", [
    ("SIGHUP", "event=reloaded"), ("SIGUSR1", "level=debug"), ("SIGUSR2", "level=warning by=SIGUSR2"), ("SIGPIPE", ""),
])
def test_a_signal_during_start_is_acted_on_after_it(tmp_path, monkeypatch, gateway, config, name, then):
    preloaded(monkeypatch, tmp_path, "raised_signal", RAISED_SIGNAL=number(name))
    front = gateway(config)
    assert wait_until(lambda: then in front.log.split("event=ready")[1])
    assert front.ask("GET", "/myip").status == 200


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_the_start_can_be_ended(tmp_path, monkeypatch, config, name):
    """At once, whatever the configuration waits for."""
    preloaded(monkeypatch, tmp_path, "raised_signal", RAISED_SIGNAL=number(name))
    path = tmp_path / "ddnsgate.cfg"
    path.write_text(f'listen = ( {{ path = "{tmp_path}/http.sock"; }} );\n{config}')
    process = Process("ddnsgate", [BINARY, "serve", "-c", str(path)], tmp_path / "log")
    assert process.wait() == 0
    assert process.output() == ""


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM", "SIGINT", "SIGPIPE"])
def test_a_signal_at_the_end_changes_nothing(tmp_path, monkeypatch, gateway, config, name):
    preloaded(monkeypatch, tmp_path, "raised_signal", RAISED_SIGNAL=number(name), RAISED_AT_END=1)
    front = gateway(config)
    front.signal("SIGTERM")
    front.finish()


def test_other_commands_take_signals_as_programs_do(tmp_path, monkeypatch, config, request):
    preloaded(monkeypatch, tmp_path, "raised_signal", RAISED_SIGNAL=number("SIGHUP"))
    path = tmp_path / "ddnsgate.cfg"
    path.write_text(config)
    ignored = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as under nohup, which the program would inherit
    request.addfinalizer(lambda: signal.signal(signal.SIGHUP, ignored))
    assert Process("ddnsgate", [BINARY, "check", "-c", str(path)], tmp_path / "log").wait() == -number("SIGHUP")
