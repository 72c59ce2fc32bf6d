"""What every server under test needs: a free port, a process that cannot outlive the tests, and patience."""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

LOOPBACK = "127.0.0.1"
LOOPBACK_V6 = "::1"


def _has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind((LOOPBACK_V6, 0))
            return True
    except OSError:
        return False


HAS_IPV6 = _has_ipv6()


def free_port():
    """A port that is free for TCP and UDP. It lies below the kernel's ephemeral range, so that no outgoing connection
    of another process takes it before the server does."""
    while True:
        port = random.randrange(10240, 32768)
        try:
            with socket.socket(type=socket.SOCK_STREAM) as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
                tcp.bind((LOOPBACK, port))
                udp.bind((LOOPBACK, port))
                return port
        except OSError:
            continue


class BlackHole:
    """A port where knocking is not heard: its queue of connections is full, and the system drops what comes."""

    def __init__(self):
        self._listener = socket.create_server((LOOPBACK, 0), backlog=0)
        self.port = self._listener.getsockname()[1]
        self._queued = [self._knock() for _ in range(4)]

    def _knock(self):
        stream = socket.socket()
        stream.setblocking(False)
        stream.connect_ex((LOOPBACK, self.port))
        return stream

    def close(self):
        for stream in (*self._queued, self._listener):
            stream.close()


def wait_until(predicate, timeout_s=15.0, interval_s=0.01):
    """Calls the predicate until it is true; False when that did not happen in time."""
    end = time.monotonic() + timeout_s
    while not predicate():
        if time.monotonic() > end:
            return False
        time.sleep(interval_s)
    return True


def new_folder(prefix):
    """A folder only this user can read: it will hold keys. Short, because control sockets in it have a length limit."""
    return Path(tempfile.mkdtemp(prefix=f"{prefix}."))


def unconfined(program, folder):
    """The path to start `program` by. AppArmor confines named, by its path, to the system's folders; a copy is not
    confined. Where the folder is mounted noexec, the original has to do."""
    original = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
    copy = shutil.copy(original, Path(folder, program))
    return copy if os.access(copy, os.X_OK) else original


def library(folder, name):
    """Builds one of the libraries for LD_PRELOAD whose sources lie here."""
    built = Path(folder, f"{name}.so")
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", built, source], check=True)
    return built


def preloaded(monkeypatch, folder, name, **settings):
    """The library is loaded into what is started from now on, and finds the settings in its environment."""
    monkeypatch.setenv("LD_PRELOAD", str(library(folder, name)))
    monkeypatch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
    for setting, value in settings.items():
        monkeypatch.setenv(setting, str(value))


class Process:
    """One child process with its output in a log file. The kernel kills it when the tests die, however they die."""

    def __init__(self, name, argv, log):
        self.name = name
        self.log = Path(log)
        with open(self.log, "ab") as output:
            self.popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv], stdin=subprocess.DEVNULL,
                                          stdout=output, stderr=output)

    @property
    def running(self):
        return self.popen.poll() is None

    def output(self):
        return self.log.read_text(errors="replace")

    def tail(self, lines=20):
        return "\n".join(self.output().splitlines()[-lines:])

    def wait(self, timeout_s=15.0):
        """The exit status; the process is killed, and the test fails, when it does not end in time."""
        try:
            return self.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {timeout_s} s:\n{self.tail()}") from None

    def stop(self):
        self.popen.terminate()
        return self.wait()

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def freeze(self):
        """It hears and says nothing more, but the system keeps its connections. Returns when every thread has
        stopped. Nothing if it has ended, as thaw() is."""
        if not self.running:
            return
        self.popen.send_signal(signal.SIGSTOP)
        threads = Path(f"/proc/{self.popen.pid}/task")
        assert wait_until(lambda: all(") T " in stat.read_text() for stat in threads.glob("*/stat")))

    def thaw(self):
        self.popen.send_signal(signal.SIGCONT)
