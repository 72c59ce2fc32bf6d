"""conf/demo/run, a newcomer's first command, with the program under test."""

import contextlib
import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from gateway import SANITIZER_REPORTS
from process import LOOPBACK, free_port, wait_until

DEMO = Path(__file__).parents[2] / "conf" / "demo" / "run"


@pytest.fixture
def demo():
    """Starts it as a terminal would: in a session of its own, with no signal ignored, whatever the tests have inherited.
    The ports are free ones unless the arguments choose others; temporary files go below `folder`."""
    with contextlib.ExitStack() as stack:
        def start(*arguments, folder, **environment):
            ports = ["--dns-port", str(free_port()), "--http-port", str(free_port())]
            process = subprocess.Popen(["env", "--default-signal", DEMO, *ports, *arguments], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                                       env={**os.environ, "TMPDIR": str(folder), **environment})
            stack.callback(end, process)
            return process
        yield start


def end(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    process.wait()


def finished(process, timeout_s=60):
    output, _ = process.communicate(timeout=timeout_s)
    assert not any(report in output for report in SANITIZER_REPORTS), output
    return process.returncode, output


def until_it_stays(process):
    """What it prints until it waits for Ctrl-C."""
    output = ""
    for line in process.stdout:
        output += line
        if "Ctrl-C" in line:
            return output
    raise AssertionError(output)


def nothing_is_left(folder):
    return not processes_of(folder) and not list(folder.iterdir())


def processes_of(folder):
    """Those whose command lines name a file in it."""
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if str(folder) in text_of(path)]


def text_of(path):
    with contextlib.suppress(OSError):
        return path.read_text(errors="replace")
    return ""


@pytest.mark.parametrize("primary", ["bind", "knot"])
def test_once(demo, tmp_path, primary):
    status, output = finished(demo("--once", "--primary", primary, folder=tmp_path))
    assert status == 0, output
    before, after = re.findall(r"(?m)^ +www\S+\s+(\d+)\s+IN\s+A\s+(\S+)$", output)
    assert before[1] != after[1] and after[0] == "180"
    assert re.search(r"(?m)^ +OK$", output)
    assert "\x1b" not in output, "no colours into a pipe"
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_it_stays_until_told_to_end(demo, tmp_path, number):
    """Ctrl-C reaches the whole process group; the other signals this script alone."""
    process = demo(folder=tmp_path)
    for example in re.findall(r"(?m)^    (curl .*)$", until_it_stays(process)):
        done = subprocess.run(["bash", "-c", f"{example} -sS"], capture_output=True, text=True, timeout=30, check=True)
        assert re.search(r"OK$|Current IP Address|OD_KEY|NF_HOST", done.stdout.strip()), example
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    status, _ = finished(process)
    assert status == 128 + number
    assert nothing_is_left(tmp_path)


def test_a_server_that_does_not_end_is_killed(demo, tmp_path):
    """A stopped one stands for it."""
    process = demo(folder=tmp_path)
    until_it_stays(process)
    server = next(path for path in processes_of(tmp_path) if "named" in text_of(path))
    os.kill(int(server.parent.name), signal.SIGSTOP)
    process.send_signal(signal.SIGTERM)
    status, _ = finished(process)
    assert status == 128 + signal.SIGTERM
    assert nothing_is_left(tmp_path)


def test_killed_it_leaves_no_process(demo, tmp_path):
    process = demo(folder=tmp_path)
    until_it_stays(process)
    process.kill()
    process.wait()
    assert wait_until(lambda: not processes_of(tmp_path))


@pytest.mark.parametrize("option, kind", [
    ("--dns-port", socket.SOCK_STREAM), ("--dns-port", socket.SOCK_DGRAM), ("--http-port", socket.SOCK_STREAM),
], ids=["dns-tcp", "dns-udp", "http"])
@pytest.mark.parametrize("address", [LOOPBACK, "0.0.0.0", "::"])
def test_a_port_in_use(demo, tmp_path, option, kind, address):
    """Which port it is, and which option chooses another one."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as taken:
        taken.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = str(taken.getsockname()[1])
        status, output = finished(demo(option, port, "--once", folder=tmp_path))
    assert status == 1
    assert port in output and option in output
    assert "Traceback" not in output and nothing_is_left(tmp_path)


def test_a_server_that_does_not_start(demo, tmp_path):
    """A copy that cannot run stands for it. The log's end is shown."""
    broken = tmp_path / "ddnsgate"
    broken.write_text("#!/bin/sh\necho this is why >&2\nexit 1\n")
    broken.chmod(0o755)
    folder = tmp_path / "files"
    folder.mkdir()
    status, output = finished(demo("--once", folder=folder, DDNSGATE=str(broken)))
    assert status == 1
    assert "this is why" in output and nothing_is_left(folder)


def test_help():
    done = subprocess.run([DEMO, "--help"], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(option in done.stdout for option in ("--primary", "--dns-port", "--http-port", "--once"))


@pytest.mark.parametrize("arguments", ["--bogus", "--primary", "--primary djbdns", "--dns-port 0", "--http-port 65536",
                                       "--dns-port x", "--dns-port 8080"])
def test_wrong_usage(arguments):
    done = subprocess.run([DEMO, *arguments.split()], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage" in done.stderr
