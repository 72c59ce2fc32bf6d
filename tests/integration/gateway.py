"""The program under test: its configuration, its process, its log, and HTTP as octets, so that no client library
hides a fault."""

import base64
import hashlib
import itertools
import os
import re
import shutil
import signal
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import quote

from process import LOOPBACK, Process, free_port, new_folder, wait_until

BINARY = os.environ.get("DDNSGATE", "")
ZONE = "dyn.example.com"
LOGIN = "alice"
API_KEY = "ER2T229DF4GBNM-alice"
SANITIZER_REPORTS = ("AddressSanitizer", "LeakSanitizer", "UndefinedBehaviorSanitizer", "ThreadSanitizer",
                     "runtime error:")
PATIENCE_S = 30


SECRETS = set()


def secret(text):
    """Returns the text, and from now on no log may show it, neither as it is nor percent-encoded."""
    assert len(text) > 6, "would be found by chance"
    SECRETS.update((text, quote(text, safe="")))
    return text


def libconfig(value):
    """A Python value in libconfig's syntax. Lists become lists of groups or strings."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, dict):
        return "{ " + " ".join(f"{name} = {libconfig(item)};" for name, item in value.items()) + " }"
    return "( " + ", ".join(libconfig(item) for item in value) + " )"


def key_setting(key):
    """`key` is a Key, or the setting itself, such as a file."""
    if isinstance(key, dict):
        return key
    return {"name": key.name, "algorithm": key.algorithm, "secret": secret(key.secret)}


def zone_setting(name, primary, key, **more):
    """`primary` is one of ours, or a text with address and port; or a list of such."""
    primaries = primary if isinstance(primary, list) else [primary]
    addresses = [each if isinstance(each, str) else f"{LOOPBACK}:{each.port}" for each in primaries]
    return {"name": name, "primaries": addresses, "key": key.name, **more}


def hashed(key):
    """What stands for a key in a configuration that is not to be warned of."""
    return "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def user_setting(login=LOGIN, key=API_KEY, hosts=(f"zone:{ZONE}",), **more):
    """key=None makes a user without a key."""
    return {"login": login, **({} if key is None else {"key": secret(key)}), "hosts": list(hosts), **more}


def config_text(zones, keys, users=(), **options):
    """One setting a line. The time-outs are long, so that a busy machine fails no test; those that wait for one
    shorten it."""
    timeout_ms = options.get("request_timeout_ms", 20000)
    settings = {
        "log_level": "debug",
        "request_timeout_ms": timeout_ms,
        "connect_timeout_ms": timeout_ms,
        "reply_timeout_ms": timeout_ms,
        **options,
        "tsig_keys": [key_setting(key) for key in keys],
        "zones": list(zones),
        "users": list(users) or [user_setting(key=hashed(API_KEY))],
    }
    return "".join(f"{name} = {libconfig(value)};\n" for name, value in settings.items())


SHORT_TIMEOUTS = {"request_timeout_ms": 1500, "connect_timeout_ms": 400, "reply_timeout_ms": 600}


def name_of(length):
    """A name in the zone, `length` characters long, of labels that are not too long."""
    name = f"{'a' * 49}." * (length // 50 + 1)
    name = name[:length - len(ZONE) - 1] + "." + ZONE
    assert len(name) == length and ".." not in name
    return name


@dataclass
class Answer:
    """One HTTP answer. What every answer of the gateway owes its client is checked here, in every test."""
    version: str
    status: int
    headers: dict
    body: bytes
    cookies: tuple = ()  # the values of Set-Cookie

    def __post_init__(self):
        assert ("content-length" in self.headers) != (self.status == 204), self
        assert "transfer-encoding" not in self.headers, self
        if self.status == 401:
            assert self.headers["www-authenticate"].startswith("Basic realm="), self
        if self.status in (429, 503):
            assert self.headers["retry-after"].isdigit(), self

    @property
    def text(self):
        return self.body.decode()

    @property
    def code(self):
        """The body begins with it."""
        return self.text.split()[0] if self.body.split() else ""

    @property
    def closes(self):
        return self.headers.get("connection", "").lower() == "close"


class Connection:
    """One client connection, to a port or to the Unix socket at `path`. Octets in, answers out. With an SSL context it
    speaks TLS, and asks for `name`; `preface` comes before all that."""

    def __init__(self, port, address=LOOPBACK, source=None, path=None, tls=None, name=None, session=None, preface=b""):
        source = (source, 0) if source else None
        if path:
            self.stream = socket.socket(socket.AF_UNIX)
            self.stream.settimeout(PATIENCE_S)
            self.stream.connect(str(path))
        else:
            self.stream = socket.create_connection((address, port), timeout=PATIENCE_S, source_address=source)
        if preface:
            self.stream.sendall(preface)
        if tls:
            self.stream = tls.wrap_socket(self.stream, server_hostname=name, session=session)
        self._input = self.stream.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._input.close()
        self.stream.close()

    def send(self, octets):
        """The gateway may refuse, and close, before it has read everything."""
        try:
            self.stream.sendall(octets)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass

    def request(self, method, target, headers=(), body=b"", version="1.1", host="gateway.test"):
        lines = [f"{method} {target} HTTP/{version}", *([] if version == "1.0" else [f"Host: {host}"]), *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def answer(self, to="GET"):
        """The next answer. None when the gateway closed instead."""
        status_line = self._input.readline().decode("latin-1").split(" ", 2)
        if len(status_line) < 2:
            return None
        headers, cookies = {}, []
        while (line := self._input.readline().decode("latin-1").strip()):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
            if name.lower() == "set-cookie":
                cookies.append(value.strip())
        length = 0 if to == "HEAD" else int(headers.get("content-length", 0))
        return Answer(status_line[0], int(status_line[1]), headers, self._input.read(length), tuple(cookies))

    def at_end(self):
        """Whether the gateway closes now. Blocks until it does, or sends more, or patience ends."""
        try:
            return self._input.read(1) == b""
        except (ConnectionResetError, ssl.SSLError):
            return True
        except TimeoutError:
            return False


def form(**operands):
    """Percent-encoded operands; those that are None are left out."""
    return "&".join(f"{name}={quote(str(value), safe='')}" for name, value in operands.items() if value is not None)


def basic(user, password):
    return "Authorization: Basic " + secret(base64.b64encode(f"{user}:{password}".encode()).decode())


def target(host=None, ip=None, user=LOGIN, password=API_KEY):
    """Where an update goes."""
    if password:
        secret(password)
    return "/dynamic.cgi?" + form(host=host, ip=ip, user=user, password=password)


def nic(hosts=None, path="/nic/update", **operands):
    """Where a dyndns2 update goes; `hosts` is a name or a list of names."""
    hostname = hosts if hosts is None or isinstance(hosts, str) else ",".join(hosts)
    return f"{path}?{form(hostname=hostname, **operands)}"


class Gateway:
    """A running `ddnsgate serve`. All that run are in `Gateway.running`, so that every test can look into every log."""

    running = []
    start_patience_s = 15

    def __init__(self, config, listen=(LOOPBACK,), files=()):
        """`listen` has addresses, or settings of listeners; each gets the port. `files` are (name, text) to lie in the
        folder that the configuration calls @FOLDER@."""
        self.folder = new_folder("ddnsgate")
        self.listen = listen
        self.config = config.replace("@FOLDER@", str(self.folder))
        for name, text in files:
            self.write(name, text)
        self.process = None
        self.binary = None  # another one than that under test
        self._lives = itertools.count(2)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def start(self):
        for _ in range(5):
            self.port = free_port()
            self.path = self.write_config()
            self.process = Process("ddnsgate", [self.binary or BINARY, "serve", "-c", str(self.path)], self.folder / "log")
            wait_until(lambda: self.ready or not self.process.running, self.start_patience_s)
            if self.ready:
                Gateway.running.append(self)
                return self
            if "in use" not in self.process.output():
                break
        self.process.kill()
        log = self.log
        shutil.rmtree(self.folder, ignore_errors=True)
        raise AssertionError(f"ddnsgate does not start:\n{log}")

    def kill(self):
        """It ends without a chance to do anything about it."""
        self.process.kill()
        self.check_log()

    def resume(self):
        """On the same port, with a log of its own."""
        log = self.folder / f"log{next(self._lives)}"
        self.process = Process("ddnsgate", [self.binary or BINARY, "serve", "-c", str(self.path)], log)
        assert wait_until(lambda: self.ready, PATIENCE_S), f"ddnsgate does not come back:\n{self.process.tail()}"

    def freeze(self):
        self.process.freeze()

    def thaw(self):
        self.process.thaw()

    def text_of_config(self):
        listen = libconfig([self._listener(each) for each in self.listen])
        return f"listen = {listen};\n{self.config}".replace("@FOLDER@", str(self.folder))

    def write_config(self):
        return self.write("ddnsgate.cfg", self.text_of_config())

    def _listener(self, how):
        if isinstance(how, str):
            return {"address": how, "port": self.port}
        return how if "path" in how else {"address": LOOPBACK, "port": self.port, **how}

    @property
    def ready(self):
        return re.search('event(=|":")ready', self.log) is not None

    @property
    def log(self):
        return self.process.output()

    def signal(self, name):
        self.process.popen.send_signal(getattr(signal, name))

    def finish(self):
        """Waits for the end after a signal and requires a clean one."""
        status = self.process.wait(PATIENCE_S)
        self.check_log()
        assert status == 0, f"exit status {status}:\n{self.process.tail()}"

    def close(self):
        """Ends the process, if the test did not, and requires that it ended well and left no secret behind."""
        if self not in Gateway.running:
            return
        Gateway.running.remove(self)
        try:
            if self.process.running:
                self.signal("SIGTERM")
            self.finish()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def check_log(self):
        log = self.log
        for report in SANITIZER_REPORTS:
            assert report not in log, log
        for text in SECRETS:
            assert text not in log, f"the log shows the secret {text}:\n{log}"

    def check(self):
        """After every test: alive, or ended by the test; no report; no secret."""
        assert self.process.popen.poll() in (None, 0), self.process.tail()
        self.check_log()

    # HTTP

    def connect(self, **how):
        return Connection(self.port, **how)

    def ask(self, method, target, headers=(), body=b"", version="1.1", **how):
        """One request on a connection of its own."""
        with self.connect(**how) as connection:
            connection.request(method, target, headers, body, version)
            answer = connection.answer(to=method)
        assert answer is not None, f"no answer to {method} {target[:80]}"
        return answer

    def update(self, host, ip=None, **operands):
        return self.ask("GET", target(host, ip, **operands))

    def nic(self, hosts=None, myip=None, user=LOGIN, password=API_KEY, **operands):
        """A dyndns2 update with Basic credentials."""
        return self.ask("GET", nic(hosts, myip=myip, **operands), [basic(user, password)])

    def begin(self, host, ip=None, **operands):
        """A connection with an update on its way. The gateway has read it when this returns, for it has answered what
        came later; so the order of updates that are begun one after the other is known."""
        connection = self.connect()
        connection.request("GET", target(host, ip, **operands))
        assert self.ask("GET", "/myip").status == 200
        return connection

    def raw_update(self, operands):
        """Operands exactly as written, for those that no proper client would send."""
        return self.ask("GET", f"/dynamic.cgi?{operands}&{form(user=LOGIN, password=API_KEY)}")
