"""What an administrator sees of a running gateway: metrics, health, the log in its forms, and levels that change while
it runs."""

import json
import os
import re
import socket
import subprocess
import time
from pathlib import Path

import pytest

from gateway import (BINARY, LOGIN, SHORT_TIMEOUTS, ZONE, Connection, config_text, form, target, user_setting,
                     zone_setting)
from process import LOOPBACK, free_port, wait_until
from prometheus import Metrics
from servers import Key

OLD_V4, V4 = ("A", "192.0.2.1"), "198.51.100.7"
SECOND = "second.example.com"
DASHBOARD = Path(__file__).parents[2] / "conf/grafana/ddnsgate.json"


class Observed:
    """A gateway with an admin listener."""

    def __init__(self, make, zones, keys, **options):
        self.port = free_port()
        self.gateway = make(config_text(zones, keys, admin_listen=f"{LOOPBACK}:{self.port}", **options))

    def ask(self, method, target, host=None):
        with Connection(self.port) as connection:
            connection.request(method, target, host=f"{LOOPBACK}:{self.port}" if host is None else host)
            return connection.answer(to=method)

    def metrics(self):
        answer = self.ask("GET", "/metrics")
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return Metrics(answer.text)

    def events(self, name):
        return [line for line in self.gateway.log.splitlines() if f" event={name} " in line]


@pytest.fixture
def observe(gateway):
    return lambda primary, **options: Observed(gateway, [zone_setting(ZONE, primary, primary.key())], [primary.key()],
                                               **options)


# Metrics

def test_metrics_count_what_happened(primary, observe):
    observed = observe(primary)
    hosts = primary.new_hosts(3, OLD_V4)
    for host in hosts:
        assert observed.gateway.update(host, V4).code == "OK"
    assert observed.gateway.update(hosts[0], V4).code == "OK"
    assert observed.gateway.update(hosts[0], V4, password="wrong-password").code == "OD_KEY"
    assert observed.gateway.ask("GET", "/nowhere").status == 404
    metrics = observed.metrics()
    assert metrics.value("ddnsgate_requests_total", dialect="rexx") == 5
    for outcome, count in {"changed": 3, "unchanged": 1, "wrong-key": 1, "throttled": 0}.items():
        assert metrics.value("ddnsgate_outcomes_total", dialect="rexx", outcome=outcome) == count
    assert metrics.value("ddnsgate_unrouted_requests_total") == 1
    assert metrics.value("ddnsgate_request_seconds_count") == 6
    assert metrics.value("ddnsgate_batch_hosts_sum") == 3
    assert metrics.value("ddnsgate_zone_waiting", zone=ZONE) == 0
    assert metrics.value("ddnsgate_zone_messages_in_flight", zone=ZONE) == 0
    assert metrics.value("ddnsgate_zone_queries_total", zone=ZONE) == 3
    assert metrics.value("ddnsgate_zone_confirms_total", zone=ZONE) == 1
    label = f"{LOOPBACK}:{primary.port}"
    assert metrics.value("ddnsgate_primary_up", primary=label) == 1
    assert metrics.value("ddnsgate_primary_connections_total", primary=label) == 1
    assert metrics.value("ddnsgate_primary_messages_total", primary=label) == 7
    assert metrics.value("ddnsgate_primary_round_trip_seconds_count", primary=label) == 7
    assert abs(metrics.value("ddnsgate_start_time_seconds") - time.time()) < 60
    assert 10 < metrics.value("process_open_fds") < metrics.value("process_max_fds")
    assert 2**20 < metrics.value("process_resident_memory_bytes") < 2**30
    assert 0 < metrics.value("process_cpu_seconds_total") < 60
    assert 0 < metrics.value("ddnsgate_loop_turn_max_seconds") < 10
    assert metrics.value("ddnsgate_loop_turn_seconds_count") > 5
    version = subprocess.run([BINARY, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    assert metrics.value("ddnsgate_build_info", version=version) == 1


def test_metrics_tell_what_waits_and_what_fails(own_primary, observe):
    observed = observe(own_primary, **SHORT_TIMEOUTS)
    host, label = own_primary.new_host(OLD_V4), f"{LOOPBACK}:{own_primary.port}"
    own_primary.freeze()
    waiting = observed.gateway.begin(host, V4)
    metrics = observed.metrics()
    assert metrics.value("ddnsgate_zone_waiting", zone=ZONE) == 1
    assert metrics.value("ddnsgate_zone_messages_in_flight", zone=ZONE) == 1
    assert observed.ask("GET", "/readyz").status == 200
    assert waiting.answer().code == "UA_DNS"
    waiting.close()
    own_primary.thaw()
    own_primary.stop()
    assert observed.gateway.update(host, V4).code == "UA_DNS"
    metrics = observed.metrics()
    assert metrics.value("ddnsgate_primary_up", primary=label) == 0
    assert metrics.value("ddnsgate_zone_up", zone=ZONE) == 0
    assert metrics.value("ddnsgate_primary_failures_total", primary=label, kind="unreachable") > 0
    assert metrics.value("ddnsgate_primary_failures_total", primary=label, kind="unknown") > 0
    answer = observed.ask("GET", "/readyz")
    assert (answer.status, answer.text) == (503, "no primary of any zone is well\n")
    assert observed.ask("GET", "/healthz").text == "ok\n"
    own_primary.resume()
    assert wait_until(lambda: observed.gateway.update(host, V4).code == "OK")
    assert observed.ask("GET", "/readyz").text == "ready\n"


def test_tsig_errors_are_told_apart(primary, gateway):
    key = Key("hmac-sha256")
    observed = Observed(gateway, [zone_setting(ZONE, primary, key)], [key])
    assert observed.gateway.update(f"www.{ZONE}", V4).code == "SF_DNS"
    label = f"{LOOPBACK}:{primary.port}"
    metrics = observed.metrics()
    assert metrics.value("ddnsgate_primary_tsig_errors_total", primary=label, error="BADSIG") > 0
    assert metrics.value("ddnsgate_primary_tsig_errors_total", primary=label, error="BADTIME") == 0


def test_the_dashboard_asks_for_metrics_that_there_are(primary, observe):
    observed = observe(primary)
    assert observed.gateway.update(primary.new_host(OLD_V4), V4).code == "OK"
    metrics, dashboard = observed.metrics(), json.loads(DASHBOARD.read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used = set()
    for expression in expressions:
        names = set(re.findall(r"\b(?:ddnsgate|process)_\w+", expression))
        assert names and names <= metrics.names(), expression
        used |= names
        known = {"instance", "le"} | set().union(*(metrics.labels(name) for name in names))
        asked = set(re.findall(r'(\w+)=~?"', expression))
        for group in re.findall(r"by \(([^)]*)\)", expression):
            asked |= set(group.split(", "))
        assert asked <= known, expression
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in used}
    assert shown == set(metrics.families), "every metric has its place"
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


# The admin listener

def test_nothing_of_the_admin_listener_is_served_to_users(primary, observe):
    observed = observe(primary)
    for path in ("/metrics", "/healthz", "/readyz", "/log"):
        assert observed.gateway.ask("GET", path).status == 404
        assert observed.ask("GET", path).status == 200
        answer = observed.ask("POST", path)
        assert answer.status == 405
        allowed = answer.headers["allow"]
        assert allowed == ("GET, HEAD, PUT, OPTIONS" if path == "/log" else "GET, HEAD, OPTIONS")
        answer = observed.ask("OPTIONS", path)
        assert (answer.status, answer.headers["allow"]) == (204, allowed)
    assert observed.ask("GET", f"/dynamic.cgi?{form(host='x', user=LOGIN)}").status == 404


def test_only_who_names_the_listener_changes_anything(primary, observe):
    """A page whose name has just been given the listener's address is same-origin to the browser, but says its own
    name."""
    observed = observe(primary, admin_names=["gw-admin.example.com"])
    for host in ("attacker.example", f"attacker.example:{observed.port}", "192.0.2.1", ""):
        assert observed.ask("PUT", "/log?level=debug", host=host).status in (400, 403)
        for path in ("/metrics", "/healthz", "/readyz", "/log")[:4 if host else 0]:
            assert observed.ask("GET", path, host=host).status == 200
    assert not observed.events("log-level")
    assert observed.events("admin-refused")
    for host in (LOOPBACK, "localhost", "gw-admin.example.com:8080", f"{LOOPBACK}:{observed.port}"):
        assert observed.ask("PUT", "/log?level=info", host=host).text == "info\n"
    config = observed.gateway.config.replace("gw-admin.", "gw-other.")
    observed.gateway.config = config
    observed.gateway.write_config()
    observed.gateway.signal("SIGHUP")
    assert wait_until(lambda: observed.events("reloaded"))
    assert observed.ask("PUT", "/log?level=info", host="gw-admin.example.com").status == 403
    assert observed.ask("PUT", "/log?level=info", host="gw-other.example.com").status == 200


def test_the_looks_of_a_load_balancer_are_no_errors(primary, observe):
    observed = observe(primary)
    for _ in range(3):
        assert observed.gateway.ask("OPTIONS", "/", version="1.0").status == 204
    assert observed.metrics().value("ddnsgate_unrouted_requests_total") == 0
    assert all(" level=debug " in line for line in observed.events("request"))


def test_not_ready_while_it_drains(own_primary, observe):
    observed = observe(own_primary)
    host = own_primary.new_host(OLD_V4)
    own_primary.freeze()
    waiting = observed.gateway.begin(host, V4)
    observed.gateway.signal("SIGTERM")
    assert wait_until(lambda: observed.ask("GET", "/readyz").text == "draining\n")
    assert observed.ask("GET", "/healthz").status == 200
    own_primary.thaw()
    assert waiting.answer().code == "OK"
    waiting.close()
    observed.gateway.finish()


@pytest.mark.parametrize("admin", ["localhost:9153", "127.0.0.1:0", ""])
def test_admin_addresses_that_are_none(tmp_path, admin):
    key = Key("gw")
    path = tmp_path / "ddnsgate.cfg"
    path.write_text(f'listen = ( {{ address = "{LOOPBACK}"; }} );\n' +
                    config_text([zone_setting(ZONE, "192.0.2.53", key)], [key], admin_listen=admin))
    path.chmod(0o600)
    done = subprocess.run([BINARY, "check", "-c", str(path)], capture_output=True, text=True)
    assert done.returncode == 1 and "IP address with an optional port" in done.stderr


# The log

def test_levels_change_by_signal_and_by_call(primary, observe):
    observed = observe(primary, log_level="info")
    assert observed.ask("GET", "/log").text == "info\n"
    for signal, level in (("SIGUSR1", "debug"), ("SIGUSR1", "debug"), ("SIGUSR2", "info"), ("SIGUSR2", "warning"),
                          ("SIGUSR2", "error"), ("SIGUSR2", "error"), ("SIGUSR1", "warning")):
        told = len(observed.events("log-level"))
        observed.gateway.signal(signal)
        assert wait_until(lambda: len(observed.events("log-level")) > told)
        assert observed.events("log-level")[-1].endswith(f"event=log-level level={level} by={signal}")
        assert observed.ask("GET", "/log").text == f"{level}\n"
    assert observed.gateway.update(primary.new_host(OLD_V4), V4).code == "OK"
    assert not observed.events("request")
    assert observed.ask("PUT", "/log?level=info").text == "info\n"
    assert observed.gateway.update(primary.new_host(OLD_V4), V4).code == "OK"
    assert len(observed.events("request")) == 1


def test_each_request_has_its_id_in_answer_and_log(primary, observe):
    observed, ids = observe(primary), []
    for target in ("/nowhere", f"/dynamic.cgi?{form(host=f'www.{ZONE}')}", "/myip"):
        ids.append(observed.gateway.ask("GET", target).headers["x-request-id"])
    assert len(set(ids)) == 3
    for each in ids:
        assert re.fullmatch("[0-9a-f]{16}", each)
        assert len([line for line in observed.events("request") if f" id={each} " in line]) == 1


@pytest.mark.parametrize("target, headers, status", [("/" + "x" * 5000, [], 414),
                                                     ("/dynamic.cgi", ["Content-Length: 5000"], 413)])
def test_requests_that_are_refused_at_once_have_a_line_too(primary, observe, target, headers, status):
    observed = observe(primary, log_level="info")
    assert observed.gateway.ask("POST", target, headers).status == status
    assert len([line for line in observed.events("request-refused")
                if re.search(rf' source=127\.0\.0\.1 text="{status} .*"$', line)]) == 1


def test_json_lines(primary, observe):
    observed = observe(primary, log_format="json")
    host = primary.new_host(OLD_V4)
    answer = observed.gateway.update(host, V4)
    assert observed.gateway.update('"\n\\\x7fä', V4).code == "IO_HOST"
    lines = [json.loads(line) for line in observed.gateway.log.splitlines()]
    assert all({"time", "level", "event"} <= set(line) for line in lines)
    first, second = [line for line in lines if line["event"] == "request"]
    assert first["id"] == answer.headers["x-request-id"]
    assert {name: first[name] for name in ("dialect", "user", "host", "ip", "outcome", "status")} == {
        "dialect": "rexx", "user": LOGIN, "host": host, "ip": V4, "outcome": "changed", "status": 200}
    assert second["host"] == '"\n\\\x7f\u00e4'


def test_what_is_to_be_said_of_the_configuration_is_said_in_the_log(primary, gateway):
    """At the start and at a reload in the same way; it was plain text at the start."""
    key = primary.key()
    plain = gateway(config_text([zone_setting(ZONE, primary, key)], [key], [user_setting()], log_format="json"))
    plain.signal("SIGHUP")
    assert wait_until(lambda: '"reloaded"' in plain.log), plain.log
    lines = [json.loads(line) for line in plain.log.splitlines()]
    told = [line for line in lines if line["event"] == "configuration"]
    assert len(told) == 2
    for line in told:
        assert line["level"] == "warning" and line["file"] == str(plain.path) and line["line"] > 0
        assert line["text"].startswith("keys stand here in plain")
    assert lines.index(told[0]) < [line["event"] for line in lines].index("ready")


def test_what_stops_the_start_is_told_in_plain_lines(tmp_path):
    """Nobody looks into a log that is not there yet; with the warnings, in the order of the file."""
    path = tmp_path / "ddnsgate.cfg"
    path.write_text('log_format = "json";\n' + config_text([], [], [user_setting()]) + "fudge_s = -1;\n")
    path.chmod(0o600)
    done = subprocess.run([BINARY, "serve", "-c", str(path)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert re.search(rf"(?m)^{path}:\d+: warning: keys stand here in plain", done.stderr)
    for line in done.stderr.splitlines():
        assert line.startswith(f"{path}:"), done.stderr


def test_a_log_that_nobody_reads_stops_no_update(primary, tmp_path):
    """Standard error is a pipe that fills up."""
    port, admin, key = free_port(), free_port(), primary.key()
    path = tmp_path / "ddnsgate.cfg"
    path.write_text(f'listen = ( {{ address = "{LOOPBACK}"; port = {port}; }} );\n' +
                    config_text([zone_setting(ZONE, primary, key)], [key], admin_listen=f"{LOOPBACK}:{admin}"))
    path.chmod(0o600)
    reader, writer = os.pipe()
    process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", BINARY, "serve", "-c", str(path)], stderr=writer)
    os.close(writer)
    try:
        def answers(what, to_port=port):
            with Connection(to_port) as connection:
                connection.request("GET", what)
                return connection.answer()

        assert wait_until(lambda: is_listening(admin))
        host, long_name = primary.new_host(OLD_V4), "x" * 300
        with Connection(port) as connection:
            for _ in range(1000):
                connection.request("GET", f"/dynamic.cgi?{form(host=long_name, user=LOGIN)}")
                assert connection.answer().status == 401
        assert answers(target(host, V4)).code == "OK"
        assert Metrics(answers("/metrics", admin).text).value("ddnsgate_log_dropped_total") > 0
        os.set_blocking(reader, False)
        while read_all(reader):
            pass
        answers("/nowhere")
        assert wait_until(lambda: b"event=log-dropped lines=" in read_all(reader))
    finally:
        os.close(reader)
        process.terminate()
        assert process.wait(30) == 0


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def read_all(fd):
    try:
        return os.read(fd, 1 << 20)
    except BlockingIOError:
        return b""


def test_syslog(primary, gateway, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(tmp_path / "log"))
        daemon.settimeout(10)
        path, key = tmp_path / "ddnsgate.cfg", primary.key()
        path.write_text(f'listen = ( {{ address = "{LOOPBACK}"; port = {free_port()}; }} );\n' +
                        config_text([zone_setting(ZONE, primary, key)], [key], log_to=f"syslog:{tmp_path}/log"))
        path.chmod(0o600)
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", BINARY, "serve", "-c", str(path)],
                                   stderr=subprocess.PIPE)
        try:
            lines = []
            while not lines or "event=ready" not in lines[-1]:
                lines.append(daemon.recv(4096).decode())
            assert re.fullmatch(rf"<30>[A-Z][a-z]{{2}} [ 0-3]\d [\d:]{{8}} ddnsgate\[{process.pid}\]: level=info "
                                "event=ready zones=1 users=1", lines[-1])
        finally:
            process.terminate()
            assert process.wait(30) == 0
        assert process.stderr.read() == b""
        process.stderr.close()
