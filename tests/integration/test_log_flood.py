"""What happens again and again is one line and a count every ten seconds, and no occurrence is lost."""

import itertools
import re
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import faulty
from conftest import running_server
from gateway import ZONE
from process import LOOPBACK, free_port
from servers import Bind, Key

OLD_V4 = ("A", "192.0.2.1")
CLIENTS = 10
TELL_S = 10


class Controlled(Bind):
    """One that listens to rndc."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.control_port, self.control = free_port(), Key("rndc")

    def _config(self):
        (self.folder / "rndc.key").write_text(self.control.bind_file)
        return super()._config().replace("controls { };", f"""{self.control.bind_file}
controls {{ inet {LOOPBACK} port {self.control_port} allow {{ {LOOPBACK}; }} keys {{ "{self.control.name}"; }}; }};""")

    def rndc(self, *words):
        subprocess.run(["/usr/sbin/rndc", "-s", LOOPBACK, "-p", str(self.control_port), "-k", self.folder / "rndc.key", *words],
                       check=True, capture_output=True, text=True)


def events(gateway, name):
    return [line for line in gateway.log.splitlines() if f" event={name} " in line]


def occurrences(lines):
    """How many the lines tell of."""
    counts = (re.search(r" (?:repeated|others)=(\d+)", line) for line in lines)
    return sum(int(count[1]) if count else 1 for count in counts)


def keep_asking(gateway, hosts, seconds):
    """As clients do that try again at once: each for its host. Returns the codes of all answers."""
    ips = (f"198.51.{number // 250 % 250}.{number % 250 + 1}" for number in itertools.count())
    end = time.monotonic() + seconds

    def ask(host):
        codes = []
        while time.monotonic() < end:
            codes.append(gateway.update(host, next(ips)).code)
        return codes

    with ThreadPoolExecutor(len(hosts)) as pool:
        return Counter(code for codes in pool.map(ask, hosts) for code in codes)


def test_a_frozen_zone_floods_no_log(front):
    with running_server(Controlled) as primary:
        hosts = primary.new_hosts(CLIENTS, OLD_V4)
        gateway = front(primary)
        assert gateway.update(hosts[0], "198.51.100.1").code == "OK"
        primary.rndc("freeze", ZONE)
        codes = keep_asking(gateway, hosts, TELL_S + 2)
        assert set(codes) == {"SF_DNS"} and codes["SF_DNS"] > 200, codes
        failed, requests = events(gateway, "primary-failed"), events(gateway, "request")
        assert 2 <= len(failed) <= 4, failed
        assert any(re.search(r" text=.*REFUSED.* repeated=\d+$", line) for line in failed), failed
        assert 2 * CLIENTS <= len(requests) <= 1 + 3 * CLIENTS, requests
        primary.rndc("thaw", ZONE)
        assert gateway.update(hosts[0], "198.51.100.2").code == "OK"
        gateway.signal("SIGTERM")
        gateway.finish()
        assert occurrences(events(gateway, "request")) == 2 + codes["SF_DNS"]
        assert occurrences(events(gateway, "primary-failed")) >= occurrences(failed)


def assert_no_flood(gateway, seconds):
    codes = keep_asking(gateway, [f"www{number}.{ZONE}" for number in range(CLIENTS)], seconds)
    assert "OK" not in codes
    failed = events(gateway, "primary-failed")
    assert 1 <= len(failed) <= 6, failed
    gateway.signal("SIGTERM")
    gateway.finish()
    assert occurrences(events(gateway, "primary-failed")) > len(failed), gateway.log


def test_a_primary_that_cannot_be_believed_floods_no_log(scripted, front):
    primary = scripted(faulty.signed_with_another_secret, hits=faulty.EVERYTHING)
    assert_no_flood(front(primary, reply_timeout_ms=500, connect_timeout_ms=500), 3)


def test_a_primary_whose_clock_is_wrong_floods_no_log(front):
    """Each time it says another number of seconds."""
    with running_server(Bind, clock_skew_s=3600) as primary:
        assert_no_flood(front(primary), 4)


def test_refused_requests_flood_no_log(own_primary, front):
    """Of whichever kind, from one source."""
    gateway = front(own_primary)
    for _ in range(50):
        assert gateway.ask("GET", "/no/such/page?key=very-secret-key").status == 404
        assert gateway.ask("DELETE", "/dynamic.cgi?key=very-secret-key").status == 405
        assert gateway.ask("POST", "/dynamic.cgi", ["Content-Length: 5000"]).status == 413
    gateway.signal("SIGTERM")
    gateway.finish()
    assert occurrences(events(gateway, "request")) == 100
    assert len(events(gateway, "request")) <= 6
    assert occurrences(events(gateway, "request-refused")) == 50
    assert len(events(gateway, "request-refused")) <= 3
    assert " path=/no/such/page status=404" in gateway.log and " path=/dynamic.cgi status=405" in gateway.log
    assert "secret" not in gateway.log
