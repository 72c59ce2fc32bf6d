"""The primaries that are measured: BIND and Knot as Debian installs them, with one zone of many hosts."""

import random
import subprocess
import time

import dns.query
import dns.rcode
import dns.update

from process import LOOPBACK
from servers import Bind, Key, Knot, Zone

ZONE = "dyn.example.com"
HOST_COUNT = 20_000
TTL_S = 180


def host(number):
    """Every tool of the benchmark calls them so: see ceiling.c and update.lua."""
    return f"host{number}.{ZONE}"


class _Primary:
    """What both have in common: one key, one zone, and nothing tuned in the configuration."""

    def __init__(self):
        self.key = Key("gw")
        super().__init__([Zone(ZONE, (self.key.name,))], [self.key])
        self.key_file = self.folder / "gw.key"
        self.key_file.write_text(self.key.bind_file)
        self.key_file.chmod(0o600)

    def addresses(self):
        """The address of each host, by its number, as a zone transfer shows it."""
        argv = ["dig", f"@{LOOPBACK}", "-p", str(self.port), ZONE, "AXFR", "+onesoa", "+noall", "+answer"]
        lines = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
        records = (line.split() for line in lines if line.startswith("host"))
        return {int(name.partition(".")[0][len("host"):]): address for name, _, _, _, address in records}

    def settle(self):
        """Waits until what was in flight when a load tool stopped has been carried out: until nothing was committed
        between two commits of ours. A serial that merely stands still could be waiting for the disk."""
        ours = self._commit()
        time.sleep(0.2)
        while (now := self._commit()) != ours + 1:
            ours = now
            time.sleep(0.2)

    def _commit(self):
        """Makes a change; returns the serial after it."""
        update = dns.update.UpdateMessage(ZONE, keyring=self.key.dnspython)
        update.replace("settled", TTL_S, "A", f"10.{random.randrange(256)}.{random.randrange(256)}.1")
        reply = dns.query.tcp(update, LOOPBACK, port=self.port, timeout=60)
        assert reply.rcode() == dns.rcode.NOERROR, reply
        return self.serial()

    def _write_files(self):
        hosts = "".join(f"host{i} A 10.0.{i >> 8}.{i & 255}\n" for i in range(HOST_COUNT))
        (self.folder / f"{ZONE}.zone").write_text(
            f"$ORIGIN {ZONE}.\n$TTL {TTL_S}\n@ SOA ns hostmaster {int(time.time())} 3600 600 604800 60\n"
            f"@ NS ns\nns A {LOOPBACK}\n{hosts}")
        self._config_file().write_text(self._config())


class BindPrimary(_Primary, Bind):
    """The quota is raised for dnsperf's sake: with the default of 100 BIND drops the other half of 200 in flight."""

    label = "BIND"

    @staticmethod
    def version():
        return subprocess.run(["named", "-v"], check=True, capture_output=True, text=True).stdout.split()[1]

    def _arguments(self):
        return ["-g", "-c", str(self._config_file())]

    def _config(self):
        return f"""
options {{
	directory "{self.folder}";
	listen-on port {self.port} {{ {LOOPBACK}; }};
	listen-on-v6 {{ none; }};
	pid-file none;
	session-keyfile none;
	recursion no;
	dnssec-validation no;
	notify no;
	update-quota 1000;
}};
controls {{ }};
{"".join(key.bind_file for key in self.keys)}
zone "{ZONE}" {{
	type primary;
	file "{ZONE}.zone";
	update-policy {{ grant {self.key.name} zonesub A AAAA; }};
}};
"""


class KnotPrimary(_Primary, Knot):
    """The zone file is written as seldom as BIND does it, as Knot's manual has it for zones with frequent updates. By
    default Knot would write all hosts after each transaction."""

    label = "Knot"

    def settle(self):
        """An update at rest after a commit may have to wait until the NOTIFY has gone, a second later."""
        super().settle()
        time.sleep(1.1)

    @staticmethod
    def version():
        return subprocess.run(["knotd", "-V"], check=True, capture_output=True, text=True).stdout.split()[-1]

    def _config(self):
        return f"""
server:
    rundir: {self.folder}
    listen: {LOOPBACK}@{self.port}
log:
  - target: stderr
    any: info
database:
    storage: {self.folder}
key:
{"".join(self._key(key) for key in self.keys)}
acl:
  - id: gateway
    key: {self.key.name}
    action: update
    update-type: [A, AAAA]
  - id: reader
    address: {LOOPBACK}
    action: transfer
zone:
  - domain: {ZONE}
    storage: {self.folder}
    file: {ZONE}.zone
    zonefile-sync: 15m
    acl: [gateway, reader]
"""


PRIMARIES = {"bind": BindPrimary, "knot": KnotPrimary}
