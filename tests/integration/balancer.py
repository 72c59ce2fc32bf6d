"""HAProxy in front of gateways, each request to the next one, with its own defaults: it keeps a gateway in as long as
that works."""

import shutil

from process import LOOPBACK, Process, free_port

HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
# The whole body of what it answers itself.
OWN_WORDS = "no gateway"


class Balancer:
    """What it thinks of its servers is in the log."""

    def __init__(self, folder, *servers, backend=()):
        self.port = free_port()
        config = folder / "haproxy.cfg"
        own = [f'  http-error status {status} content-type text/plain string "{OWN_WORDS}" hdr Retry-After 1'
               for status in (502, 503, 504)]
        config.write_text("\n".join([
            "global", "  log stderr format raw daemon",
            "defaults", "  mode http", "  log global", "  timeout connect 5s", "  timeout client 60s",
            "  timeout server 60s", *own, "frontend f", f"  bind {LOOPBACK}:{self.port}", "  default_backend b",
            "backend b", "  balance roundrobin", "  option httpchk", "  option log-health-checks", *backend,
            *(f"  server s{number} {server} check inter 100ms fall 1 rise 2" for number, server in enumerate(servers)),
            ""]))
        self.process = Process("haproxy", [HAPROXY, "-db", "-f", str(config)], folder / "haproxy.log")

    @property
    def checks(self):
        return [line for line in self.process.output().splitlines() if "Health check for server b/s" in line]
