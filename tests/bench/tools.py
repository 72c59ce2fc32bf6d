"""The load tools: each function runs one for some seconds and returns what it measured."""

import json
import random
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from figures import Sample
from primaries import HOST_COUNT, TTL_S, ZONE, Hosts, host
from process import LOOPBACK

HERE = Path(__file__).parent
TIMEOUT_S = 15  # of wrk, later than every answer of a gateway that gives up after request_timeout_ms
IN_FLIGHT = 200  # of dnsperf, unless another number is asked for


class Failed(Exception):
    """A tool did not do what it is for, so that there is no figure."""


@dataclass(frozen=True)
class Answers:
    """What wrk saw: `refused` counts answers that are not a success, `broken` what got no answer at all."""
    answers: int
    seconds: float
    refused: int
    broken: int
    p50_ms: float
    p99_ms: float
    max_ms: float

    @property
    def all(self):
        return Sample(self.answers / self.seconds, self.p50_ms, self.p99_ms)

    @property
    def successes(self):
        return Sample((self.answers - self.refused) / self.seconds, self.p50_ms, self.p99_ms)


def _run(argv, **options):
    """The output. The kernel ends the tool when the benchmark dies, however it dies."""
    argv = ["setpriv", "--pdeathsig", "KILL", *map(str, argv)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise Failed(f"{argv[3]}: exit status {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def dnsperf(primary, seconds, hosts=Hosts(), in_flight=IN_FLIGHT, tells_each=False):
    """One change a message over UDP, many in flight: what a program without group commit can reach at best. Latencies
    only if it tells each of them, which costs it some of its speed."""
    data = primary.folder / "dnsperf.updates"
    data.write_text("".join(_dnsperf_updates(hosts)))
    output = _run(["dnsperf", "-u", "-s", LOOPBACK, "-p", primary.port, "-d", data, "-l", seconds, "-q", in_flight,
                   "-y", f"{primary.key.algorithm}:{primary.key.name}:{primary.key.secret}",
                   *(["-v"] if tells_each else [])])
    return read_dnsperf(output)


def read_dnsperf(output):
    """What dnsperf printed, with -v or without. A line of -v is `> NOERROR ZONE SECONDS`, or `> T ZONE` if nothing came."""
    said = dict(line.strip().split(":", 1) for line in output.splitlines() if ":" in line and line[:1] != ">")
    if "(100.00%)" not in said["Response codes"] or "NOERROR" not in said["Response codes"]:
        raise Failed(f"dnsperf: {said['Response codes'].strip()}")
    latencies_ms = sorted(float(each) * 1000 for each in re.findall(r"^> NOERROR \S+ (\d+\.\d+)$", output, re.MULTILINE))
    return Sample(float(said["Updates per second"]), *_percentiles(latencies_ms))


def _percentiles(sorted_ms):
    if not sorted_ms:
        return None, None
    return sorted_ms[len(sorted_ms) // 2], sorted_ms[len(sorted_ms) * 99 // 100]


def _dnsperf_updates(hosts):
    """Each host comes twice with different addresses, so that also in a second run through the file all are changes."""
    numbers = list(range(hosts.count))
    address = random.randrange(1 << 24)
    for _ in range(2):
        random.shuffle(numbers)
        for number in numbers:
            address = (address + 1) % (1 << 24)
            name = f"{hosts.label}{number}"
            yield (f"{hosts.zone(number)}\nrequire {name} A\ndelete {name} A\nadd {name} {TTL_S} A "
                   f"10.{address >> 16}.{address >> 8 & 255}.{address & 255}\nsend\n")


def ceiling(program, primary, seconds, changes, in_flight):
    """Messages signed beforehand over one TCP connection."""
    said = json.loads(_run([program, primary.key_file, primary.port, ZONE, HOST_COUNT, changes, in_flight, seconds]))
    return Sample(said["changes"] / said["seconds"], said["p50_ms"], said["p99_ms"])


def nsupdate(primary, seconds):
    """One process for each update, as a CGI script does it."""
    latencies = []
    start = time.monotonic()
    while (now := time.monotonic()) < start + seconds:
        name, address = host(random.randrange(HOST_COUNT)), f"10.{random.randrange(256)}.{random.randrange(256)}.1"
        _run(["nsupdate", "-k", primary.key_file],
             input=f"server {LOOPBACK} {primary.port}\nzone {ZONE}\nprereq yxrrset {name} A\n"
                   f"update delete {name} A\nupdate add {name} {TTL_S} A {address}\nsend\n")
        latencies.append(time.monotonic() - now)
    latencies_ms = sorted(latency * 1000 for latency in latencies)
    return Sample(len(latencies) / (time.monotonic() - start), *_percentiles(latencies_ms))


def handshakes(gateway, seconds):
    """Full TLS handshakes, one after the other by each of four processes, with no session taken up again. Their rate and
    number. The processes know the certificate; otherwise they look for its issuer in the system's folder each time,
    which takes them half of both cores."""
    address = gateway.secure_url.removeprefix("https://")
    argv = ["setpriv", "--pdeathsig", "KILL", "openssl", "s_time", "-connect", address, "-new", "-time", str(seconds),
            "-CAfile", str(gateway.certificate.path), "-no-CApath", "-no-CAstore"]
    start = time.monotonic()
    tools = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [tool.communicate() for tool in tools]
    taken_s = time.monotonic() - start
    counts = [re.search(r"(\d+) connections in \d+ real seconds", output) for output, _ in said]
    if not all(counts):
        raise Failed(f"openssl s_time: {said[0][1].strip()[-500:]}")
    count = sum(int(each[1]) for each in counts)
    return Sample(count / taken_s), count


def wrk(url, gateway, kind, connections, seconds, present, sent, hosts=Hosts(), users=None):
    """Kept-alive connections to the URL; `kind`, and the files `present` and `sent`, are explained in update.lua. The
    hosts are those of the first `users` users, by default of all. One thread: it keeps up, and there is no core for a
    second one."""
    output = _run(["wrk", "-t", 1, "-c", connections, "-d", seconds, "--timeout", TIMEOUT_S, "-s", HERE / "update.lua", url,
                   "--", kind, hosts.pattern, hosts.count, users or gateway.user_count, gateway.PASSWORD, present, sent])
    answers = Answers(**json.loads(output.splitlines()[-1]))
    if answers.answers == 0:
        raise Failed(f"wrk: no answers with {connections} connections")
    return answers
