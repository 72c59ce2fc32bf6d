"""The gateway under load: its configuration, and what it takes of the machine."""

import contextlib
import hashlib
import os
import re
import secrets
import socket
from pathlib import Path

import certificates
import servers
from gateway import Gateway, libconfig
from primaries import HOST_COUNT, TTL_S, ZONE, host
from process import LOOPBACK

CLOCK_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Subject(Gateway):
    """ddnsgate with 1,000 users, who have all hosts of the zone between them, and as many that do not exist; or a few
    hosts each. HTTPS is on another address."""

    USER_COUNT = 1000
    SECURE_ADDRESS = "127.0.0.2"
    PASSWORD = secrets.token_hex(20)

    def __init__(self, primary, hosts_per_user=2 * HOST_COUNT // USER_COUNT):
        self.certificate = certificates.make(primary.folder, kind="ecdsa")
        secure = {"address": self.SECURE_ADDRESS, "certificates": [self.certificate.setting]}
        super().__init__(_config(primary, hosts_per_user * self.USER_COUNT), listen=(LOOPBACK, secure))

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
        """User and system time since its start."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS_PER_S

    def resident_mib(self):
        return int(re.search(r"VmRSS:\s*(\d+) kB", self._proc("status"))[1]) / 1024

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


def _config(primary, host_count):
    digest = "sha256:" + hashlib.sha256(Subject.PASSWORD.encode()).hexdigest()
    settings = {
        "log_level": "warning",
        "max_connections_per_source": 0,
        "failed_logins_max": 0,
        "tsig_keys": [{"file": str(primary.key_file)}],
        "zones": [{"name": ZONE, "primaries": [f"{LOOPBACK}:{primary.port}"], "key": primary.key.name, "ttl": TTL_S,
                   "commit_pause_ms": 12 if isinstance(primary, servers.Knot) else 0}],
        "users": [{"login": f"user{user}", "key": digest,
                   "hosts": [host(number) for number in range(user, host_count, Subject.USER_COUNT)]}
                  for user in range(Subject.USER_COUNT)],
    }
    return "".join(f"{name} = {libconfig(value)};\n" for name, value in settings.items())
