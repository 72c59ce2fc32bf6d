"""The gateway under load: its configuration, and what it takes of the machine."""

import contextlib
import hashlib
import re
import secrets
import socket
import time
from pathlib import Path

import certificates
import servers
from gateway import Gateway, libconfig
from primaries import HOST_COUNT, TTL_S, ZONE, host
from process import LOOPBACK

CPUCLOCK_SCHED = 2  # of a process, in Linux


USER_COUNT = 1000


class Subject(Gateway):
    """ddnsgate with 1,000 users, who have all hosts of the zone between them, and as many that do not exist; or other
    zones and users. HTTPS is on another address."""

    SECURE_ADDRESS = "127.0.0.2"
    PASSWORD = secrets.token_hex(20)

    def __init__(self, primary, zones=(ZONE,), patterns=None, **options):
        """`patterns` has for each user what he may update; options stand at the top level of the configuration."""
        patterns = shares(2 * HOST_COUNT) if patterns is None else patterns
        self.user_count = len(patterns)
        self.certificate = certificates.make(primary.folder, kind="ecdsa")
        secure = {"address": self.SECURE_ADDRESS, "certificates": [self.certificate.setting]}
        super().__init__(_config(primary, zones, patterns, options), listen=(LOOPBACK, secure))

    @property
    def ready(self):
        """Its log has no line that says so: at log level `warning` there is nothing to say."""
        with socket.socket() as stream:
            return self.process.running and stream.connect_ex((LOOPBACK, self.port)) == 0

    @property
    def url(self):
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def secure_url(self):
        return f"https://{self.SECURE_ADDRESS}:{self.port}"

    def cpu_s(self):
        """User and system time since its start, as clock_getcpuclockid(3) has it: /proc counts in hundredths."""
        return time.clock_gettime((~self.process.popen.pid << 3) | CPUCLOCK_SCHED)

    def resident_mib(self, name="VmRSS"):
        return int(re.search(rf"{name}:\s*(\d+) kB", self._proc("status"))[1]) / 1024

    def forget_peak(self):
        """From now on VmHWM is the most that is resident."""
        Path(f"/proc/{self.process.popen.pid}/clear_refs").write_text("5")

    @contextlib.contextmanager
    def idle_connections(self, count):
        """That many clients whose connections stay open after an answer."""
        with contextlib.ExitStack() as stack:
            for _ in range(count):
                connection = stack.enter_context(self.connect())
                connection.request("GET", "/myip")
                answer = connection.answer()
                assert answer and not answer.closes, "the gateway does not keep the connection"
            yield

    def _proc(self, name):
        return Path(f"/proc/{self.process.popen.pid}/{name}").read_text()


def shares(host_count):
    """The hosts of the one zone, spread over the usual number of users."""
    return [[host(number) for number in range(user, host_count, USER_COUNT)] for user in range(USER_COUNT)]


def digest():
    """What stands for everyone's password in a configuration."""
    return "sha256:" + hashlib.sha256(Subject.PASSWORD.encode()).hexdigest()


def _config(primary, zones, patterns, options):
    row = {"primaries": [f"{LOOPBACK}:{primary.port}"], "key": primary.key.name, "ttl": TTL_S,
           "commit_pause_ms": 12 if isinstance(primary, servers.Knot) else 0}
    settings = {
        "log_level": "warning",
        "max_connections_per_source": 0,
        "failed_logins_max": 0,
        **options,
        "tsig_keys": [{"file": str(primary.key_file)}],
        "zones": [{"name": zone, **row} for zone in zones],
        "users": [{"login": f"user{number}", "key": digest(), "hosts": hosts} for number, hosts in enumerate(patterns)],
    }
    return "".join(f"{name} = {libconfig(value)};\n" for name, value in settings.items() if value != [])
