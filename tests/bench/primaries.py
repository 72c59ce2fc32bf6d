"""The primaries that are measured: BIND and Knot as Debian installs them, with one zone of many hosts or with many zones."""

import random
import re
import socket
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass

import dns.message
import dns.query
import dns.rcode
import dns.update

from process import LOOPBACK
from servers import Bind, Key, Knot, Zone

ZONE = "dyn.example.com"
HOST_COUNT = 20_000
TTL_S = 180


@dataclass(frozen=True)
class Hosts:
    """Numbered hosts, of which number N is in zone N modulo `zones`. The tools of the benchmark know one zone by ceiling.c's
    and update.lua's rule, host0 to hostCOUNT-1; sets with other labels lie beside each other in the same zones, so that
    who changes one makes nothing out of date that others remember of theirs."""
    count: int = HOST_COUNT
    zones: int = 1
    label: str = "host"

    def zone(self, number):
        return ZONE if self.zones == 1 else f"zone{number % self.zones}.example.com"

    def name(self, number):
        return f"{self.label}{number}.{self.zone(number)}"

    @property
    def pattern(self):
        """Of the name, for C's printf with the host's number and that of its zone."""
        return f"{self.label}%d.{ZONE}" if self.zones == 1 else f"{self.label}%d.zone%d.example.com"


def host(number):
    """A host of the one zone."""
    return Hosts().name(number)


class _Primary:
    """What both have in common: one key, the zones of some sets of hosts, and nothing tuned in the configuration."""

    def __init__(self, *sets):
        self.key = Key("gw")
        self.sets = sets or (Hosts(),)
        names = dict.fromkeys(each.zone(number) for each in self.sets for number in range(each.zones))
        super().__init__([Zone(name, (self.key.name,)) for name in names], [self.key])
        self.key_file = self.folder / "gw.key"
        self.key_file.write_text(self.key.bind_file)
        self.key_file.chmod(0o600)

    def addresses(self, hosts=None):
        """The address of each host of a set, by its number, as zone transfers show it."""
        hosts = hosts or self.sets[0]
        transfers = self.folder / "transfers"
        transfers.write_text("".join(f"{hosts.zone(number)} AXFR\n" for number in range(hosts.zones)))
        argv = ["dig", f"@{LOOPBACK}", "-p", str(self.port), "+onesoa", "+noall", "+answer", "-f", transfers]
        lines = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        records = re.findall(rf"^{hosts.label}(\d+)\.\S+\s+\d+\s+IN\s+A\s+(\S+)$", lines, re.MULTILINE)
        return {int(number): address for number, address in records}

    def settle(self):
        """Waits until what was in flight when a load tool stopped has been carried out: until nothing was committed
        between two commits of ours. A serial that merely stands still could be waiting for the disk; of many zones that
        has to do, for what is in flight belongs to many of them, and they do not all wait so long."""
        if len(self.zones) > 1:
            last = None
            while (now := self._serials()) != last:
                last = now
                time.sleep(0.5)
            return
        ours = self._commit()
        time.sleep(0.2)
        while (now := self._commit()) != ours + 1:
            ours = now
            time.sleep(0.2)

    def _serials(self):
        """Of all zones. Asked over one socket: a new one for each takes longer than the answer."""
        serials = []
        with socket.socket(type=socket.SOCK_DGRAM) as asker:
            asker.connect((LOOPBACK, self.port))
            asker.settimeout(60)
            for zone in self.zones:
                asker.send(dns.message.make_query(zone.name, "SOA").to_wire())
                serials.append(dns.message.from_wire(asker.recv(4096)).answer[0][0].serial)
        return serials

    def _commit(self):
        """Makes a change; returns the serial after it."""
        update = dns.update.UpdateMessage(self.zones[0].name, keyring=self.key.dnspython)
        update.replace("settled", TTL_S, "A", f"10.{random.randrange(256)}.{random.randrange(256)}.1")
        reply = dns.query.tcp(update, LOOPBACK, port=self.port, timeout=60)
        assert reply.rcode() == dns.rcode.NOERROR, reply
        return self.serial()

    def _write_files(self):
        hosts = defaultdict(list)
        for each in self.sets:
            for i in range(each.count):
                hosts[each.zone(i)].append(f"{each.label}{i} A 10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n")
        for zone in self.zones:
            (self.folder / f"{zone.name}.zone").write_text(
                f"$ORIGIN {zone.name}.\n$TTL {TTL_S}\n@ SOA ns hostmaster {int(time.time())} 3600 600 604800 60\n"
                f"@ NS ns\nns A {LOOPBACK}\n{''.join(hosts[zone.name])}")
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
	allow-transfer {{ any; }};
	update-quota 1000;
}};
controls {{ }};
{"".join(key.bind_file for key in self.keys)}
{"".join(self._zone(zone) for zone in self.zones)}
"""

    def _zone(self, zone):
        return f"""
zone "{zone.name}" {{
	type primary;
	file "{zone.name}.zone";
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
template:
  - id: default
    storage: {self.folder}
    file: "%s.zone"
    zonefile-sync: 15m
    acl: [gateway, reader]
zone:
{"".join(f"  - domain: {zone.name}{chr(10)}" for zone in self.zones)}
"""


PRIMARIES = {"bind": BindPrimary, "knot": KnotPrimary}
