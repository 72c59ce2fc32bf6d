"""Measures ddnsgate in front of real primaries, and what its users would use instead: see ./run --help.

Load tools, gateway and primary share the machine, and what is compared is measured in turns, round by round. So only
figures of one run compare with each other, and it is the ratios that tell something."""

import argparse
import contextlib
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import tools
import verify
from figures import Figures, Sample, against, json_text, markdown, ratios
from gateway import BINARY
from primaries import PRIMARIES, Hosts
from subject import USER_COUNT, Subject, shares

CEILING = Path(BINARY).parent / "tests/bench/ceiling"
CEILING_CHANGES = 400
LOADED = 256  # connections, where their number is not what is looked at
IDLE = 10_000
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class Bench:
    """A primary, the gateway in front of it, and what is measured with them: of some hosts, which belong to the first
    `users` users (all unless told), and for some case of several (see Figures)."""

    def __init__(self, primary, gateway, seconds, figures, hosts=Hosts(), users=None, case=None):
        self.primary = primary
        self.gateway = gateway
        self.seconds = seconds
        self.figures = figures
        self.hosts = hosts
        self.users = users
        self.case = case
        self.faults = []

    # What there is without ddnsgate

    def nsupdate(self):
        self._add("nsupdate", tools.nsupdate(self.primary, self.seconds))

    def dnsperf(self):
        self._add("dnsperf", tools.dnsperf(self.primary, self.seconds))

    def ceiling(self, in_flight):
        sample = tools.ceiling(CEILING, self.primary, self.seconds, CEILING_CHANGES, in_flight)
        self._add(f"ceiling_{in_flight}_in_flight", sample)

    def plain_update(self):
        self._add("plain_update", tools.ceiling(CEILING, self.primary, self.seconds, 1, 1))

    # ddnsgate

    def updates_cold(self):
        """Other tools have just changed all hosts, so what the gateway knows of them is out of date. Each comes in turn,
        so that afterwards it knows them all, as a gateway does that has run for a while."""
        self._add("updates_cold", self._load("in-turn", LOADED).successes, LOADED)

    def warm_up(self, seconds=None):
        """The gateway has seen each host when this is over: again, and for longer, if the first time was too short."""
        seconds = seconds or self.seconds
        answers = self._load("in-turn", LOADED, seconds=seconds).answers
        if answers < self.hosts.count:
            self._load("in-turn", LOADED, seconds=min(120, 1 + seconds * self.hosts.count * 5 // (answers * 4)))

    def updates_loaded(self):
        self.updates(LOADED)

    def updates(self, connections):
        cpu_s = self.gateway.cpu_s()
        answers = self._load("update", connections)
        cpu_s = self.gateway.cpu_s() - cpu_s
        self._add("updates", answers.successes, connections)
        self._add("cpu_per_update", Sample(cpu_s / answers.answers * 1e6), connections)

    def dyndns2(self):
        self._add("dyndns2", self._load("dyndns2", LOADED).successes, LOADED)

    def poisoned(self):
        self._add("poisoned", self._load("poisoned", LOADED).successes, LOADED)

    def unchanged(self, connections=LOADED):
        cpu_s = self.gateway.cpu_s()
        answers = self._load("unchanged", connections)
        cpu_s = self.gateway.cpu_s() - cpu_s
        self._add("unchanged", answers.all, connections)
        self._add("cpu_per_unchanged", Sample(cpu_s / answers.answers * 1e6), connections)

    def unchanged_tls(self):
        answers = self._load("unchanged", LOADED, self.gateway.secure_url)
        self._add("unchanged_tls", answers.all, LOADED)

    def handshakes(self):
        cpu_s = self.gateway.cpu_s()
        sample, count = tools.handshakes(self.gateway, self.seconds)
        self._add("handshakes", sample)
        self._add("cpu_per_handshake", Sample((self.gateway.cpu_s() - cpu_s) / count * 1e6))

    def wrong_keys(self, connections=LOADED):
        cpu_s = self.gateway.cpu_s()
        answers = self._load("wrong-key", connections)
        cpu_s = self.gateway.cpu_s() - cpu_s
        self._add("wrong_key", answers.all, connections)
        self._add("cpu_per_wrong_key", Sample(cpu_s / answers.answers * 1e6), connections)

    def memory(self):
        """Of a gateway of its own, on which no load has left its traces."""
        with contextlib.closing(Subject(self.primary, patterns=shares(2 * USER_COUNT)).start()) as fresh:
            self._add("resident_idle", Sample(fresh.resident_mib()))
            with fresh.idle_connections(IDLE):
                self._add("resident_connected", Sample(fresh.resident_mib()), IDLE)

    def _load(self, kind, connections, url=None, seconds=None):
        """Runs wrk, and looks whether what it was told is so."""
        present, sent = self.primary.folder / "present", self.primary.folder / "sent"
        before = self.primary.addresses(self.hosts)
        present.write_text("".join(f"{before[number]}\n" for number in range(self.hosts.count)))
        answers = tools.wrk(url or self.gateway.url, self.gateway, kind, connections, seconds or self.seconds, present,
                            sent, self.hosts, self.users)
        self.primary.settle()
        after = self.primary.addresses(self.hosts)
        for fault in verify.faults(kind, connections, answers, verify.read_sent(sent), before, after):
            where = f"{self.figures.primary}, {self.case or 'one zone'}, {kind}, {connections} connections"
            self.faults.append(f"{where}: {fault}")
            say(self.faults[-1])
        return answers

    def _add(self, figure, sample, connections=None):
        self.figures.add(figure, sample, connections, self.case)
        say(f"  {self.case or ''} {figure} {connections or ''} {sample.value:,.1f}")


def direct_phases(bench, options):
    """What goes to the primary itself."""
    yield bench.dnsperf
    yield partial(bench.ceiling, 1)
    yield partial(bench.ceiling, 4)
    if not options.quick:
        yield bench.nsupdate
        yield bench.plain_update


def gateway_phases(bench, options):
    """What goes through ddnsgate; what is compared stands together."""
    if options.quick:
        yield partial(bench.updates, LOADED)
        return
    for connections in options.connections:
        yield partial(bench.updates, connections)
        if connections == LOADED:
            yield bench.dyndns2
            yield bench.poisoned
    yield bench.unchanged
    yield bench.unchanged_tls
    yield bench.handshakes
    yield bench.wrong_keys


def phases(bench, options, number):
    """A round. There and back, so that no phase always follows the same one, and the machine's drift evens out."""
    direct, through = list(direct_phases(bench, options)), list(gateway_phases(bench, options))
    if number % 2:
        return through[::-1] + direct[::-1]
    return [*direct, bench.updates_cold, *through]


def measure(name, options):
    """All rounds with one primary: its figures and what was wrong."""
    figures = Figures(name)
    with contextlib.ExitStack() as stack:
        primary = stack.enter_context(contextlib.closing(PRIMARIES[name]()))
        primary.start()
        gateway = stack.enter_context(contextlib.closing(Subject(primary).start()))
        bench = Bench(primary, gateway, options.seconds, figures)
        for number in range(options.rounds):
            say(f"{primary.label}, round {number + 1} of {options.rounds}")
            for phase in phases(bench, options, number):
                primary.settle()
                phase()
        if not options.quick:
            bench.memory()
    figures.compare()
    return figures.rows(), bench.faults


def measure_against(name, options):
    """This program and the other one, in turns: their figures, and the ratios of each round."""
    figures = {"this": Figures(name), "other": Figures(name)}
    with contextlib.ExitStack() as stack:
        benches = []
        for which in figures:
            primary = stack.enter_context(contextlib.closing(PRIMARIES[name]()))
            primary.start()
            gateway = Subject(primary)
            gateway.binary = BINARY if which == "this" else str(options.against)
            stack.enter_context(contextlib.closing(gateway.start()))
            benches.append(Bench(primary, gateway, options.seconds, figures[which]))
            benches[-1].warm_up()
        for number in range(options.rounds):
            say(f"{benches[0].primary.label}, round {number + 1} of {options.rounds}")
            for phase in (Bench.updates_loaded, Bench.unchanged):
                for bench in benches[::-1] if number % 2 else benches:
                    bench.primary.settle()
                    phase(bench)
    return against(figures["this"], figures["other"]), benches[0].faults + benches[1].faults


def machine():
    """What the figures were measured on and with."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    versions = ", ".join(f"{kind.label} {kind.version()}" for kind in PRIMARIES.values())
    folder = subprocess.run(["findmnt", "-no", "FSTYPE", "-T", tempfile.gettempdir()], capture_output=True, text=True)
    return (f"{time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores ({model[1] if model else platform.machine()}), "
            f"Linux {platform.release()}, {versions}, their files on {folder.stdout.strip()}.")


def end_by_signal(number, _):
    """On the way out all that was started is ended. That is not interrupted by another signal: timeout(1) sends two."""
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def say(text):
    print(text, file=sys.stderr, flush=True)


def parse_arguments():
    """./run has checked them, and filled in what was not given."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--against", type=Path)
    parser.add_argument("--primary", action="append", required=True)
    parser.add_argument("--connections", type=lambda text: [int(each) for each in text.split(",")], required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--json", type=Path, required=True)
    return parser.parse_args()


def main():
    """Exit status 1 if an acknowledged update was lost, or a figure is not what its name says; targets do not count."""
    options = parse_arguments()
    for number in ENDING:
        signal.signal(number, end_by_signal)
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    rows, faults = [], []
    try:
        for name in options.primary:
            more_rows, more_faults = (measure_against if options.against else measure)(name, options)
            rows += more_rows
            faults += more_faults
    except tools.Failed as failure:
        sys.exit(str(failure))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json_text(rows))
    print(f"{machine()}\n\n{ratios(rows) if options.against else markdown(rows)}")
    if faults:
        sys.exit("\nNot to be believed:\n" + "\n".join(faults))
    print("\nEvery update that was acknowledged is in the zone.")


if __name__ == "__main__":
    main()
