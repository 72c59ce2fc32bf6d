"""Real name servers as primaries: BIND, Knot and PowerDNS, each in a folder of its own, on a free loopback port."""

import base64
import contextlib
import functools
import itertools
import re
import secrets
import shutil
import sqlite3
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update

from process import HAS_IPV6, LOOPBACK, LOOPBACK_V6, Process, free_port, library, new_folder, unconfined, wait_until

ALGORITHMS = ("hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512")
INITIAL_TTL = 3600


@dataclass(frozen=True)
class Key:
    """A TSIG key; a fresh secret unless one is given."""
    name: str
    algorithm: str = "hmac-sha256"
    secret: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())

    @property
    def dnspython(self):
        on_the_wire = {"hmac-md5": "hmac-md5.sig-alg.reg.int"}.get(self.algorithm, self.algorithm)
        return dns.tsig.Key(self.name, self.secret, on_the_wire)

    @property
    def bind_file(self):
        """As tsig-keygen writes it."""
        return f'key "{self.name}" {{\n\talgorithm {self.algorithm};\n\tsecret "{self.secret}";\n}};\n'


@dataclass(frozen=True)
class Zone:
    """A zone to serve, and the names of the keys that may change addresses and texts in it: everywhere, or only of the
    names below `open_below`."""
    name: str
    updaters: tuple
    open_below: str = None


class Server:
    """A primary for `zones`. The key `admin` may change everything and is for the tests themselves."""

    program = None
    # What it answers to a key that it does not know.
    says_of_keys_not_allowed = "BADKEY"

    def __init__(self, zones, keys, clock_skew_s=0, idle_timeout_s=10):
        self.folder = new_folder(self.program)
        self.zones = zones
        self.admin = Key("admin")
        self.keys = (*keys, self.admin)
        self.clock_skew_s = clock_skew_s
        self.idle_timeout_s = idle_timeout_s
        self.port = free_port()
        self.process = None
        self._numbers = itertools.count()
        self._executable = unconfined(self.program, self.folder)

    # What the tests do with it

    def start(self):
        """Returns once the zones are served. A port taken in the meantime by another process costs one more try."""
        for _ in range(5):
            self._write_files()
            self.process = Process(self.program, self._argv(), self.folder / "log")
            if wait_until(lambda: self._serving() or not self.process.running) and self.process.running:
                return self
            self.process.kill()
            self.port = free_port()
        raise AssertionError(f"{self.program} does not start:\n{self.process.tail()}")

    def stop(self):
        self.process.stop()

    def kill(self):
        """It ends without a chance to do anything about it. What it has acknowledged, resume() finds again."""
        self.process.kill()

    def restart(self):
        """On the same port, with the zones as they were."""
        self.stop()
        self.resume()

    def resume(self):
        self.process = Process(self.program, self._argv(), self.folder / "log")
        assert wait_until(self._serving), f"{self.program} does not come back:\n{self.process.tail()}"

    def freeze(self):
        self.process.freeze()

    def thaw(self):
        self.process.thaw()

    def close(self):
        if self.process and self.process.running:
            self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def key(self, name="hmac-sha256"):
        return next(key for key in self.keys if key.name == name)

    def new_host(self, *records, zone=None, below=None):
        """A new name with records such as ("A", "192.0.2.1"), so that no test meets the records of another."""
        return self.new_hosts(1, *records, zone=zone, below=below)[0]

    def new_hosts(self, count, *records, zone=None, below=None):
        """As many, in one transaction."""
        zone = zone or self.zones[0].name
        hosts = [f"h{next(self._numbers)}.{below or zone}" for _ in range(count)]
        self._change(zone, [(host, *record) for host in hosts for record in records], "add")
        return hosts

    def add(self, zone, host, *records):
        self._change(zone, [(host, *record) for record in records], "add")

    def replace(self, host, rdtype, value, zone=None):
        """Behind the gateway's back."""
        self._change(zone or self.zones[0].name, [(host, rdtype, value)], "replace")

    def remove(self, host, rdtype, zone=None):
        self._change(zone or self.zones[0].name, [(host, rdtype)], "delete")

    def nsupdate(self, *commands):
        """As an administrator would do it."""
        key = f"{self.admin.algorithm}:{self.admin.name}:{self.admin.secret}"
        script = "\n".join([f"server {LOOPBACK} {self.port}", *commands, "send", ""])
        subprocess.run(["nsupdate", "-y", key], input=script, text=True, check=True, timeout=20)

    def _change(self, zone, records, verb):
        update = dns.update.UpdateMessage(zone, keyring=self.admin.dnspython)
        for host, *record in records:
            ttl = [] if verb == "delete" else [INITIAL_TTL]
            getattr(update, verb)(f"{host}.", *ttl, *record)
        reply = dns.query.tcp(update, LOOPBACK, port=self.port, timeout=10)
        assert reply.rcode() == dns.rcode.NOERROR, reply

    def records(self, name, rdtype):
        """The authoritative answer as (ttl, sorted values); None where the record does not exist."""
        reply = self._query(name, rdtype)
        assert reply.flags & dns.flags.AA, reply
        for rrset in reply.answer:
            if rrset.rdtype == dns.rdatatype.from_text(rdtype):
                return rrset.ttl, sorted(rdata.to_text() for rdata in rrset)
        return None

    def glue(self, name):
        """The addresses in a referral."""
        additional = self._query(name, "NS").additional
        return [rdata.to_text() for rrset in additional for rdata in rrset]

    def serial(self, zone=None):
        reply = self._query(zone or self.zones[0].name, "SOA")
        return reply.answer[0][0].serial

    # How it is made

    def _query(self, name, rdtype):
        query = dns.message.make_query(name, rdtype)
        return dns.query.tcp(query, LOOPBACK, port=self.port, timeout=5)

    def _serving(self):
        try:
            return all(self._query(zone.name, "SOA").answer for zone in self.zones)
        except (dns.exception.DNSException, OSError):
            return False

    def _argv(self):
        return [*self._skew(), self._executable, *self._arguments()]

    def _skew(self):
        if not self.clock_skew_s:
            return []
        return ["env", f"LD_PRELOAD={library(self.folder, 'skewed_clock')}", f"CLOCK_SKEW_S={self.clock_skew_s}"]

    def _write_files(self):
        for zone in self.zones:
            path = self.folder / f"{zone.name}.zone"
            path.write_text(f"$ORIGIN {zone.name}.\n$TTL {INITIAL_TTL}\n"
                            f"@ SOA ns hostmaster {int(time.time())} 3600 600 604800 60\n"
                            f"@ NS ns\nns A {LOOPBACK}\nwww A 192.0.2.1\nwww AAAA 2001:db8::1\n")
        self._config_file().write_text(self._config())

    def _config_file(self):
        return self.folder / f"{self.program}.conf"

    def _config(self):
        raise NotImplementedError

    def _arguments(self):
        raise NotImplementedError


class Bind(Server):
    program = "named"
    types = "A AAAA TXT"  # that keys may update

    def _arguments(self):
        return ["-g", "-n", "1", "-c", str(self._config_file())]

    def _config(self):
        return f"""
options {{
	directory "{self.folder}";
	listen-on port {self.port} {{ {LOOPBACK}; }};
	listen-on-v6 port {self.port} {{ {LOOPBACK_V6 if HAS_IPV6 else "none"}; }};
	tcp-idle-timeout {10 * self.idle_timeout_s};
	pid-file none;
	session-keyfile none;
	recursion no;
	dnssec-validation no;
	notify no;
	allow-transfer {{ any; }};
}};
controls {{ }};
{self._key_statements()}
{"".join(self._zone(zone) for zone in self.zones)}
"""

    def _key_statements(self):
        return "".join(key.bind_file for key in self.keys)

    def _zone(self, zone):
        names = f"subdomain {zone.open_below}" if zone.open_below else "zonesub"
        grants = "".join(f"grant {key} {names} {self.types}; " for key in zone.updaters)
        return (f'zone "{zone.name}" {{ type primary; file "{zone.name}.zone"; {self._more()}'
                f"update-policy {{ grant admin zonesub ANY; {grants}}}; }};\n")

    def _more(self):
        """Further statements of each zone."""
        return ""


class SigningBind(Bind):
    """It answers queries from a signed copy of each zone, which comes some time after the update."""

    def _more(self):
        return "dnssec-policy default; inline-signing yes; "


def knot_version():
    said = subprocess.run(["/usr/sbin/knotd", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", said).groups()))


class ForwardingBind(Bind):
    """A secondary of another BIND, which forwards updates to it. Nobody notifies it, so what it answers queries with is
    what it got when it started, or was last told to fetch."""

    # The reply is the primary's, whose signature is over the message ID that it got.
    shows_that_it_forwards = True

    def __init__(self, primary):
        super().__init__(primary.zones, primary.keys)
        self.primary = primary
        self.admin = primary.admin

    def _write_files(self):
        self._config_file().write_text(self._config())

    def _key_statements(self):
        return "".join(key.bind_file for key in self.primary.keys)

    def _zone(self, zone):
        return (f'zone "{zone.name}" {{ type secondary; file "{zone.name}.copy"; '
                f"primaries {{ {LOOPBACK} port {self.primary.port}; }}; "
                f"allow-update-forwarding {{ any; }}; allow-notify {{ {LOOPBACK}; }}; }};\n")


class Knot(Server):
    program = "knotd"

    # From 3.4 on it answers without a TSIG record where its acl is against something.
    @functools.cached_property
    def says_of_keys_not_allowed(self):
        return "NOTAUTH" if knot_version() >= (3, 4) else "BADKEY"

    def _arguments(self):
        return ["-c", str(self._config_file())]

    def _config(self):
        return f"""
server:
    rundir: {self.folder}
    listen: [{LOOPBACK}@{self.port}{f", {LOOPBACK_V6}@{self.port}" if HAS_IPV6 else ""}]
    tcp-idle-timeout: {self.idle_timeout_s}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: debug
database:
    storage: {self.folder}
    journal-db-max-size: 64M
    timer-db-max-size: 8M
key:
{"".join(self._key(key) for key in self.keys)}
acl:
  - id: admin
    key: admin
    action: update
  - id: transfer
    address: {LOOPBACK}
    action: transfer
{"".join(self._acl(key, zone) for zone in self.zones for key in zone.updaters)}
zone:
{"".join(self._zone(zone) for zone in self.zones)}
"""

    def _key(self, key):
        return f"  - id: {key.name}\n    algorithm: {key.algorithm}\n    secret: {key.secret}\n"

    def _acl(self, key, zone):
        names = (f"    update-owner: name\n    update-owner-match: sub\n    update-owner-name: {zone.open_below}.\n"
                 if zone.open_below else "")
        return (f"  - id: {key}.{zone.name}\n    key: {key}\n    action: update\n"
                f"    update-type: [A, AAAA, TXT]\n{names}")

    def _zone(self, zone):
        rules = ["admin", "transfer", *(f"{key}.{zone.name}" for key in zone.updaters)]
        return (f"  - domain: {zone.name}\n    storage: {self.folder}\n    file: {zone.name}.zone\n"
                f"    acl: [{', '.join(rules)}]\n")


class PowerDns(Server):
    """Zones in SQLite. It cannot limit a key to names or types, so every updater may change all of its zones; and it
    takes no update that is not about the zone's records, so nothing but a change tells what a key may do."""

    program = "pdns_server"
    metadata = (("SOA-EDIT-DNSUPDATE", "INCREASE"),)
    allowed_from = "127.0.0.0/8, ::1/128"

    def _arguments(self):
        return [f"--config-dir={self.folder}"]

    def _config_file(self):
        return self.folder / "pdns.conf"

    def _config(self):
        self._write_database()
        return f"""
launch=gsqlite3
gsqlite3-database={self._database}
module-dir={self._modules()}
local-address={LOOPBACK}{f", {LOOPBACK_V6}" if HAS_IPV6 else ""}
local-port={self.port}
socket-dir={self.folder}
dnsupdate=yes
allow-dnsupdate-from={self.allowed_from}
tcp-idle-timeout={self.idle_timeout_s}
security-poll-suffix=
max-tcp-connections-per-client=0
disable-syslog=yes
loglevel=7
"""

    @property
    def _database(self):
        return self.folder / "zones.sqlite3"

    @staticmethod
    def _modules():
        return next(Path("/usr/lib").glob("*/pdns/libgsqlite3backend.so")).parent

    def _write_database(self):
        self._database.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(self._database)) as database, database:
            database.executescript(Path("/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql").read_text())
            for key in self.keys:
                database.execute("INSERT INTO tsigkeys (name, algorithm, secret) VALUES (?, ?, ?)",
                                 (key.name, key.algorithm, key.secret))
            for number, zone in enumerate(self.zones, 1):
                database.execute("INSERT INTO domains (id, name, type) VALUES (?, ?, 'MASTER')", (number, zone.name))
                database.executemany("INSERT INTO domainmetadata (domain_id, kind, content) VALUES (?, ?, ?)",
                                     [(number, *pair) for pair in self._metadata(zone)])
                database.executemany("INSERT INTO records (domain_id, name, type, content, ttl) VALUES (?, ?, ?, ?, ?)",
                                     [(number, *record, INITIAL_TTL) for record in self._records(zone)])

    def _metadata(self, zone):
        return [*self.metadata, *(("TSIG-ALLOW-DNSUPDATE", key) for key in ("admin", *zone.updaters))]

    @staticmethod
    def _records(zone):
        return [(zone.name, "SOA", f"ns.{zone.name} hostmaster.{zone.name} {int(time.time())} 3600 600 604800 60"),
                (zone.name, "NS", f"ns.{zone.name}"), (f"ns.{zone.name}", "A", LOOPBACK),
                (f"www.{zone.name}", "A", "192.0.2.1"), (f"www.{zone.name}", "AAAA", "2001:db8::1")]


class CopiedKnot(Knot):
    """A primary whose secondary signs what it asks for, too."""

    def _config(self):
        return super()._config().replace("  - id: transfer\n", f"""  - id: signed-transfer
    address: {LOOPBACK}
    key: hmac-sha256
    action: transfer
  - id: transfer
""")

    def _zone(self, zone):
        return super()._zone(zone).replace("acl: [admin, transfer", "acl: [admin, signed-transfer, transfer")


class ForwardingKnot(Knot):
    """The same by Knot. From 3.4 on it signs what it forwards, with the key of the remote, and what it answers, so that
    nobody sees that it is not the primary."""

    @functools.cached_property
    def shows_that_it_forwards(self):
        return knot_version() < (3, 4)

    def __init__(self, primary):
        super().__init__(primary.zones, primary.keys)
        self.primary = primary
        self.admin = primary.admin

    def _write_files(self):
        self._config_file().write_text(self._config())

    def _config(self):
        config = super()._config()
        return config[:config.index("key:")] + f"""
key:
{"".join(self._key(key) for key in self.primary.keys)}
remote:
  - id: primary
    address: {LOOPBACK}@{self.primary.port}
{"    key: hmac-sha256" if knot_version() >= (3, 4) else ""}
acl:
  - id: forward
    key: [{", ".join(key.name for key in self.primary.keys)}]
    action: update
zone:
{"".join(self._zone(zone) for zone in self.zones)}
"""

    def _zone(self, zone):
        return (f"  - domain: {zone.name}\n    storage: {self.folder}\n    file: {zone.name}.copy\n"
                f"    master: primary\n    acl: forward\n")
