"""Real clients, each run as its users run it: what it ends with, what it tells them, and what it records."""

import re
import signal
from dataclasses import dataclass
from pathlib import Path

from gateway import API_KEY, LOGIN, PATIENCE_S
from process import Process, wait_until


@dataclass(frozen=True)
class Told:
    """What a person sees of one run: its exit status (None: it goes on), and somewhere in its output these words."""
    status: int
    words: str


@dataclass(frozen=True)
class Run:
    """One run of a client. `published` is the address that the client now takes for the one in the DNS."""
    status: int
    output: str
    published: str

    def require(self, told):
        assert self.status == told.status, self
        assert re.search(told.words, self.output), self


class Client:
    """One installation of a client, in a folder of its own. The attributes say how it tells what became of a request;
    they are what users are to look for."""

    schemes = ("http", "https")
    changed = unchanged = None
    wrong_password = unknown_host = unavailable = wrong_certificate = None

    def __init__(self, folder, service, host):
        self.folder = Path(folder)
        self.service = service
        self.host = host
        self._runs = 0

    def update(self, address, password=API_KEY, host=None):
        """Sends the address even if the client thinks that it is published already."""
        raise NotImplementedError

    def retry(self, address):
        """As the client tries again after a failure that will pass."""
        return self.update(address)

    def start(self, *argv):
        """A process with an environment of its own: neither settings of this machine's users nor proxies matter."""
        self._runs += 1
        environment = [f"HOME={self.folder}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                       "RES_OPTIONS=timeout:1 attempts:1"]
        return Process(argv[0], ["env", "-i", *environment, *map(str, argv)], self.folder / f"log{self._runs}")

    def finished(self, *argv):
        """(exit status, output)"""
        process = self.start(*argv)
        status = process.wait(PATIENCE_S)
        return status, process.output()

    def write(self, name, text):
        """Passwords are in it."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path


class Ddclient(Client):
    """Keeps a cache file. Version 3.10 speaks HTTP itself, and says nothing at all of any status but 200 and 401. Version
    3.11 leaves HTTP to curl, says nothing of any but 200, 401 and 403, and shows the whole answer of these two; its
    cache has each family for itself. Version 4 shows the status alone, and has no words for both families together."""

    changed = Told(0, r"SUCCESS: .*: good: IP(v[46])? address set to")
    unchanged = Told(0, r"WARNING: .*: nochg: No update required")
    wrong_password = Told(1, r"FAILED: .*(authorization|authentication) failed \(HTTP/1\.1 401")
    unknown_host = unavailable = Told(0, r"^$")
    wrong_certificate = Told(1, r"certificate verify failed|CURL error \(60\)")

    def update(self, address, password=API_KEY, host=None):
        host = host or self.host
        return self.run(f"""
protocol=dyndns2
use=ip, ip={address}
{self.tls()}
server={self.service.address}
login={LOGIN}
password='{password}'
{host}
""", host, "-force")

    def tls(self):
        return f"ssl=yes, ssl_ca_file={self.service.authority}" if self.service.authority else "ssl=no"

    def run(self, config, host, *options):
        path = self.write("ddclient.conf", config)
        cache = self.folder / "ddclient.cache"
        status, output = self.finished("ddclient", "-daemon=0", "-file", path, "-cache", cache,
                                       "-pid", self.folder / "pid", *options)
        return Run(status, output, recorded_by_ddclient(cache.read_text(), host))


def recorded_by_ddclient(cache, host):
    """What its cache has for published, an IPv4 address first. Up to 3.10 there is one address and one `status`; from
    3.11 on, if it was asked for, one for each family, and version 4 has no others."""
    entry = re.search(rf"^(\S+) {re.escape(host)}$", cache, re.MULTILINE)
    recorded = dict(field.split("=", 1) for field in entry[1].split(","))
    families = [family for family in ("ipv4", "ipv6") if recorded.get(family)]
    if not families:
        return recorded["ip"] if recorded["status"] == "good" else None
    good = [recorded[family] for family in families if recorded[f"status-{family}"] == "good"]
    return ",".join(good) or None


class Inadyn(Client):
    """Keeps a file with the address for each host. A temporary failure leaves it running, any other one ends it. It
    does not tell `nochg` from `good`."""

    changed = unchanged = Told(0, r"Successful alias table update")
    # Version 2.10 shows the status, 2.11 what it takes it for.
    wrong_password = Told(50, r"(Authentication failure|\[401 ).*Error response from DDNS server, exiting!")
    unknown_host = Told(48, r"(DDNS server response not OK|\[404 ).*Error response from DDNS server, exiting!")
    unavailable = Told(None, r"Temporary error .*(DDNS server busy|\[503 ).*Will retry again in")
    wrong_certificate = Told(0, r"SSL handshake with .* failed: Error in the certificate")

    process = None

    def update(self, address, password=API_KEY, host=None):
        host = host or self.host
        return self.run(f"""
verify-address = false
allow-ipv6 = true
{self.authority()}
custom gateway {{
    username        = {LOGIN}
    password        = {password}
    hostname        = {host}
    ddns-server     = {self.service.address}
    ddns-path       = "/nic/update?hostname=%h&myip=%i"
    ssl             = {str(bool(self.service.authority)).lower()}
    checkip-command = "/bin/echo {address}"
}}
""", host)

    def authority(self):
        return f"ca-trust-file = {self.service.authority}" if self.service.authority else ""

    def run(self, config, host):
        path = self.write("inadyn.conf", config)
        cache = self.folder / "inadyn"
        cache.mkdir(exist_ok=True)
        self.process = self.start("inadyn", "--once", "--force", "--foreground", "--no-pidfile", "--loglevel=info",
                                  f"--config={path}", f"--cache-dir={cache}")
        return self._outcome(host, 0)

    def retry(self, _address):
        """The signal stands for the ten minutes that it would wait."""
        before = self._retries()
        self.process.popen.send_signal(signal.SIGUSR1)
        return self._outcome(self.host, before)

    def _retries(self):
        return self.process.output().count("Will retry again in")

    def _outcome(self, host, retries):
        """Waits for the process to end, or to say once more that it will try again. From 2.11 on the section's name is
        part of the file's."""
        assert wait_until(lambda: not self.process.running or self._retries() > retries, PATIENCE_S)
        output = re.sub(r"\s+", " ", self.process.output())
        caches = [path for path in (self.folder / "inadyn").iterdir() if path.name.endswith(f"{host}.cache")]
        return Run(self.process.popen.poll(), output, caches[0].read_text() if caches else None)


class Tool(Client):
    """A program that fetches one URL. It records nothing: what it prints is what cron mails."""

    def update(self, address, password=API_KEY, host=None):
        argv = self.command(f"/nic/update?hostname={host or self.host}&myip={address}", password)
        status, output = self.finished(*argv)
        published = re.search(r"^(?:good|nochg) (\S+)$", output, re.MULTILINE)
        return Run(status, output, published[1] if status == 0 and published else None)

    def command(self, target, password):
        raise NotImplementedError


class Curl(Tool):
    changed, unchanged = Told(0, r"\Agood \S+\n\Z"), Told(0, r"\Anochg \S+\n\Z")
    wrong_password, unknown_host, unavailable = (Told(22, rf"(?m)^{word}$") for word in ("badauth", "nohost", "911"))
    wrong_certificate = Told(60, r"SSL certificate problem")

    def command(self, target, password):
        tls = ["--cacert", self.service.authority] if self.service.authority else []
        return ["curl", "-sS", "--fail-with-body", *tls, "-u", f"{LOGIN}:{password}", self.service.url + target]


class Wget(Tool):
    """GNU wget sends no credentials until it is asked for them."""

    changed, unchanged = Told(0, r"(?m)^good \S+$"), Told(0, r"(?m)^nochg \S+$")
    wrong_password = Told(6, r"Username/Password Authentication Failed")
    unknown_host, unavailable = Told(8, r"(?m)^nohost$"), Told(8, r"(?m)^911$")
    wrong_certificate = Told(5, r"certificate of .* is not trusted")

    def command(self, target, password):
        tls = [f"--ca-certificate={self.service.authority}"] if self.service.authority else []
        return ["wget", "-nv", "-t1", "-O-", "--content-on-error", *tls, f"--user={LOGIN}", f"--password={password}",
                self.service.url + target]


class OpenWrt(Tool):
    """GNU wget as ddns-scripts calls it: with credentials in the URL, and with an eye on nothing but its exit status."""

    changed, unchanged = Wget.changed, Wget.unchanged
    wrong_password, unknown_host, unavailable = Wget.wrong_password, Told(8, r"ERROR 404"), Told(8, r"ERROR 503")
    wrong_certificate = Wget.wrong_certificate

    def command(self, target, password):
        tls = [f"--ca-certificate={self.service.authority}"] if self.service.authority else []
        return ["wget", f"--hsts-file={self.folder}/hsts", "-nv", "-t", "1", "-O", "-", *tls, "--no-proxy",
                f"{self.service.scheme}://{LOGIN}:{password}@{self.service.address}{target}"]


class BusyboxWget(Tool):
    """Takes credentials in the URL alone, and shows no body of an error. Debian's build gets no HTTPS connection."""

    schemes = ("http",)
    changed, unchanged = Told(0, r"\Agood \S+\n\Z"), Told(0, r"\Anochg \S+\n\Z")
    wrong_password, unknown_host, unavailable = (
        Told(1, rf"server returned error: HTTP/1\.1 {status} ") for status in (401, 404, 503))

    def command(self, target, password):
        return ["busybox", "wget", "-q", "-O-", f"http://{LOGIN}:{password}@{self.service.address}{target}"]


CLIENTS = (Ddclient, Inadyn, Curl, Wget, OpenWrt, BusyboxWget)
