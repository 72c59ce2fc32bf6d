"""Measures ddnsgate in front of thousands of zones, and what grows with their number: see ./run --help.

Its parts can be asked for one by one: `many` has 2,000 zones at each primary, `single` the one zone of bench.py, `costs`
what the daemon takes by the number of zones and users in its configuration, `hosts` one zone of many hosts, and `user` a
user with many."""

import argparse
import contextlib
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import tools
from bench import ENDING, Bench, end_by_signal, machine, say
from figures import DNSPERF_LOADED, Figures, Sample, Target, growth, json_text, markdown
from gateway import BINARY, Connection
from primaries import HOST_COUNT, PRIMARIES, ZONE, Hosts
from process import LOOPBACK, free_port, wait_until
from subject import USER_COUNT, Subject, digest

ZONES = 2000  # that exist at the primary
HOSTS_PER_ZONE = HOST_COUNT // ZONES
LOADS = (64, 256)
SINGLE_LOADS = (256, 1000)
USER_HOSTS = 10_000
WARM_UP_S = 15  # in which each host of many zones comes at least once
HOSTS_PER_S = 15_000  # that a warm-up of one zone gets through
PATIENCE_S = 120


def named(count, what):
    return f"{count:,} {what}"


MANY = named(ZONES, "zones")
MOST = named(100_000, "zones")
STAR = "{}, all behind *"

TARGETS = (
    Target("ratio_to_dnsperf", 0.9, primary="bind", case=f"{MANY}, connections_max 16"),
    Target("ratio_to_dnsperf", 1.0, primary="bind"),
    Target("ratio_to_dnsperf", 0.9, primary="knot"),
    Target("ratio_p99_to_dnsperf", 1.5, at_least=False),
)
SINGLE_TARGETS = (
    Target("ratio_to_ceiling", 0.80, primary="bind", connections=(256,)),
    Target("ratio_to_ceiling", 0.79, primary="bind", connections=(1000,)),
    Target("ratio_to_ceiling", 0.33, primary="knot", connections=(256,)),
    Target("ratio_to_ceiling", 0.54, primary="knot", connections=(1000,)),
    Target("ratio_to_bound", 0.85, primary="knot", connections=(256,)),
)
COST_TARGETS = (
    Target("resident_idle", 24, at_least=False, case=STAR.format(MOST)),
    *(Target(figure, value, at_least=False, case=MOST) for figure, value in {
        "check_cpu": 2, "start_cpu": 2, "resident_idle": 120, "resident_used_more": 20, "resident_reload_peak": 350,
        "stall_reload": 50, "turn_max": 50, "metrics": 50, "metrics_size": 1024, "ratio_cpu_per_update": 1.1,
        "ratio_cpu_per_unchanged": 1.1, "ratio_cpu_per_wrong_key": 1.1,
    }.items()),
)
HOSTS_TARGETS = (
    Target("ratio_to_smallest", 0.9, primary="bind", case=named(200_000, "hosts")),
    Target("ratio_to_smallest", 0.85, primary="bind", case=named(1_000_000, "hosts")),
)
USER_TARGETS = (
    Target("cpu_per_unchanged", 30, at_least=False),
    Target("cpu_per_wrong_key", 12, at_least=False),
)


@dataclass
class Report:
    """What a part has found: rows for the file, the text for the reader, and what makes figures worthless."""
    title: str
    rows: list
    text: str
    faults: list


# ---- 2,000 zones: ddnsgate and dnsperf in front of the same ones ----


def measure_many(name, options):
    """Each tool, and each gateway, has hosts of its own in every zone: nobody makes out of date what another knows."""
    figures = Figures(name)
    variants = connections_variants(options)
    others = Hosts(HOST_COUNT, ZONES, "other")
    sets = [Hosts(HOST_COUNT, ZONES, f"host{chr(ord('a') + number)}x") for number in range(len(variants))]
    with contextlib.ExitStack() as stack:
        primary = started_primary(stack, name, others, *sets)
        benches, connections = [], {}
        for (case, settings), hosts in zip(variants.items(), sets):
            names, patterns = estate(ZONES)
            gateway = stack.enter_context(contextlib.closing(Subject(primary, names, patterns, **settings).start()))
            benches.append(Bench(primary, gateway, options.seconds, figures, hosts, case=case))
            say(f"{primary.label}, {case}: warming up")
            benches[-1].warm_up(max(WARM_UP_S, options.seconds))
        for number in range(options.rounds):
            say(f"{primary.label}, {MANY}, round {number + 1} of {options.rounds}")
            phases = [partial(direct, primary, figures, others, options.seconds, loaded) for loaded in (False, True)]
            phases += [partial(counted_updates, bench, load, connections) for bench in benches for load in LOADS]
            for phase in phases[::-1] if number % 2 else phases:
                primary.settle()
                phase()
    figures.compare_to_dnsperf(MANY)
    rows = figures.rows()
    opened = "; ".join(f"{count} with {load} clients of {case}" for (case, load), count in connections.items())
    text = f"{markdown(rows, TARGETS)}\n\nConnections to the primary: {opened}."
    return Report(f"{MANY} of ten hosts, {primary.label}", rows, text, [each for bench in benches for each in bench.faults])


def connections_variants(options):
    """By case the settings of each gateway: one as it is, or one for each connections_max that was asked for."""
    if options.connections_max and not knows("connections_max = 2;"):
        say("this ddnsgate has no connections_max")
    elif options.connections_max:
        return {f"{MANY}, connections_max {number}": {"connections_max": number} for number in options.connections_max}
    return {MANY: {}}


def direct(primary, figures, hosts, seconds, loaded):
    """dnsperf as it is compared with everywhere, or with more in flight and what each update took."""
    sample = (tools.dnsperf(primary, seconds, hosts, DNSPERF_LOADED, tells_each=True) if loaded
              else tools.dnsperf(primary, seconds, hosts))
    figure = "dnsperf_256" if loaded else "dnsperf"
    figures.add(figure, sample, case=MANY)
    say(f"  {MANY} {figure} {sample.value:,.1f}")


def counted_updates(bench, load, connections):
    """And how many connections to the primary the gateway has meanwhile, at most, as the system tells."""
    argv = ["ss", "-Htnp", "state", "established", "dport", "=", f":{bench.primary.port}"]
    over = threading.Event()

    def count():
        while not over.wait(0.5):
            output = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
            number = output.count(f"pid={bench.gateway.process.popen.pid},")
            connections[bench.case, load] = max(number, connections.get((bench.case, load), 0))
    counter = threading.Thread(target=count, daemon=True)
    counter.start()
    try:
        bench.updates(load)
    finally:
        over.set()
        counter.join()


# ---- One zone, as ever ----


def measure_single(name, options):
    figures = Figures(name)
    with contextlib.ExitStack() as stack:
        primary = started_primary(stack, name, Hosts())
        gateway = stack.enter_context(contextlib.closing(Subject(primary).start()))
        bench = Bench(primary, gateway, options.seconds, figures)
        through = [partial(bench.updates, load) for load in SINGLE_LOADS]
        direct_phases = [bench.dnsperf, partial(bench.ceiling, 1), partial(bench.ceiling, 4), bench.plain_update]
        for number in range(options.rounds):
            say(f"{primary.label}, one zone, round {number + 1} of {options.rounds}")
            for phase in [*direct_phases, bench.warm_up, *(through[::-1] if number % 2 else through)]:
                primary.settle()
                phase()
    figures.compare()
    if name == "knot":
        figures.compare_to_bound(SINGLE_LOADS[0])
    rows = figures.rows()
    return Report(f"One zone of {HOST_COUNT:,} hosts, {primary.label}", rows, markdown(rows, SINGLE_TARGETS), bench.faults)


# ---- What the number of zones costs ----


class Estate(Subject):
    """A gateway for as many zones, each with its user, of which the first ones exist at the primary; behind `*` the users
    are in a state store. It has an admin listener."""

    start_patience_s = PATIENCE_S

    def __init__(self, primary, count, behind_star=False):
        self.admin_port = free_port()
        options = {"admin_listen": f"{LOOPBACK}:{self.admin_port}"}
        names, patterns = estate(count)
        if behind_star:
            options["state_dir"] = str(state_store(primary, patterns))
            names, patterns = ["*"], []
        super().__init__(primary, names, patterns, **options)
        self.user_count = count

    def admin(self, target):
        """What its listener says to a GET, and after how many milliseconds it was there."""
        start = time.monotonic()
        with Connection(self.admin_port) as connection:
            connection.request("GET", target)
            answer = connection.answer()
        assert answer and answer.status == 200, answer
        return answer.text, (time.monotonic() - start) * 1000

    def reload(self):
        """With another log level, which tells when it is in force. The seconds that took."""
        wanted = "error" if "warning" in self.admin("/log")[0] else "warning"
        for level in ("warning", "error"):
            self.config = self.config.replace(f'log_level = "{level}"', f'log_level = "{wanted}"')
        self.write_config()
        start = time.monotonic()
        self.signal("SIGHUP")
        if not wait_until(lambda: wanted in self.admin("/log")[0], PATIENCE_S, 0.005):
            raise tools.Failed(f"a reload is not done after {PATIENCE_S} s")
        return time.monotonic() - start


class Prober:
    """A client that asks for its address again and again: the longest time that it waited, while it was there."""

    def __init__(self, gateway):
        self.longest_ms = 0
        self._fault = None
        self._connection = gateway.connect()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._probe, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._connection.close()
        if self._fault:
            raise tools.Failed(f"a client was not answered: {self._fault}")

    def _probe(self):
        try:
            while not self._over.wait(0.001):
                start = time.monotonic()
                self._connection.request("GET", "/myip")
                answer = self._connection.answer()
                assert answer and answer.status == 200, answer
                self.longest_ms = max(self.longest_ms, (time.monotonic() - start) * 1000)
        except (OSError, AssertionError) as fault:
            self._fault = fault


def measure_costs(name, options):
    """One gateway after the other, in turns over the rounds."""
    figures = Figures(name)
    cases = {named(count, "zones"): (count, False) for count in options.costs}
    if knows(star_settings()):
        cases[STAR.format(named(options.costs[-1], "zones"))] = options.costs[-1], True
    else:
        say("this ddnsgate has no zones behind *")
    faults = []
    few = Hosts(100, min(10, options.costs[0]), "few")  # of the first zones, which are there in all cases
    sets = {count: Hosts(min(count, ZONES) * HOSTS_PER_ZONE, min(count, ZONES), f"case{chr(ord('a') + number)}x")
            for number, count in enumerate(options.costs)}
    with contextlib.ExitStack() as stack:
        primary = started_primary(stack, name, few, *sets.values())
        for number in range(options.rounds):
            for case in list(cases)[::-1] if number % 2 else cases:
                say(f"{primary.label}, {case}, round {number + 1} of {options.rounds}")
                count, behind_star = cases[case]
                try:
                    faults += measure_cost(primary, figures, case, Estate(primary, count, behind_star), sets[count], few,
                                           options.seconds)
                except (tools.Failed, AssertionError) as failure:  # the other cases are still worth their time
                    faults.append(f"{case}: {failure}")
                    say(faults[-1])
    smallest = named(options.costs[0], "zones")
    for figure in ("cpu_per_update", "cpu_per_unchanged", "cpu_per_wrong_key"):
        figures.compare_cases(figure, f"ratio_{figure}", smallest)
    rows = figures.rows()
    order = list(cases)
    text = growth(sorted(rows, key=lambda row: order.index(row["case"])), COST_TARGETS)
    return Report(f"What zones cost, {primary.label}", rows, text, faults)


def measure_cost(primary, figures, case, gateway, hosts, few, seconds):
    """`hosts` are of all zones that exist. CPU time is that of requests for `few`, so that messages are the same in all
    cases; and of wrong keys of all users. Returns the faults that were found."""
    def add(figure, value, connections=None):
        figures.add(figure, Sample(value), connections, case)
        say(f"  {case} {figure} {value:,.2f}")
    with contextlib.closing(gateway):
        started_s = time.monotonic()
        gateway.start()
        assert gateway.ask("GET", "/myip").status == 200
        add("start", time.monotonic() - started_s)
        add("start_cpu", gateway.cpu_s())
        add("check_cpu", check_cpu_s(gateway))
        add("resident_idle", gateway.resident_mib())
        measure_turns(gateway, add)
        idle_mib = gateway.resident_mib()
        add("resident_reloaded", idle_mib)
        all_zones = Bench(primary, gateway, seconds, figures, hosts, hosts.zones, case=case)
        all_zones.warm_up()
        add("resident_used_more", gateway.resident_mib() - idle_mib)
        requests = Bench(primary, gateway, seconds, figures, few, few.zones, case=case)
        requests.warm_up(1)
        requests.updates(LOADS[0])
        requests.unchanged(LOADS[0])
        add("cpu_per_wrong_key", cpu_us_per_wrong_key(gateway, seconds), LOADS[0])
        measure_reload(gateway, add)
        measure_metrics(gateway, add)
    return all_zones.faults + requests.faults


def check_cpu_s(gateway):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([BINARY, "check", "-c", gateway.path], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise tools.Failed(f"ddnsgate check: {done.stderr[-500:]}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def cpu_us_per_wrong_key(gateway, seconds):
    """Of all users at random, whether their zones exist or not."""
    nothing, sent = gateway.folder / "present", gateway.folder / "sent"
    nothing.write_text("")
    cpu_s = gateway.cpu_s()
    answers = tools.wrk(gateway.url, gateway, "wrong-key", LOADS[0], seconds, nothing, sent,
                        Hosts(gateway.user_count, gateway.user_count))
    return (gateway.cpu_s() - cpu_s) / answers.answers * 1e6


def measure_turns(gateway, add):
    """The gateway's own measure of its stalls. It is of minutes, so this is a reload at rest: under load on two cores the
    longest turn is often one in which it got none of them."""
    gateway.reload()
    time.sleep(1)  # what was in force until now is given back
    turn_max_s = gauge(gateway.admin("/metrics")[0], "ddnsgate_loop_turn_max_seconds")
    if turn_max_s is not None:
        add("turn_max", turn_max_s * 1000)


def measure_reload(gateway, add):
    """And what a client sees of it; first of two seconds without one, because the machine stalls, too."""
    with Prober(gateway) as prober:
        time.sleep(2)
        add("stall_quiet", prober.longest_ms)
    gateway.forget_peak()
    cpu_s = gateway.cpu_s()
    with Prober(gateway) as prober:
        time.sleep(0.2)
        add("reload", gateway.reload())
        time.sleep(1)
        add("stall_reload", prober.longest_ms)
    add("reload_cpu", gateway.cpu_s() - cpu_s)
    add("resident_reload_peak", gateway.resident_mib("VmHWM"))


def measure_metrics(gateway, add):
    """The quickest of some has the fewest of the machine's stalls in it."""
    texts, times_ms = zip(*(gateway.admin("/metrics") for _ in range(5)))
    add("metrics", min(times_ms))
    add("metrics_size", len(texts[-1].encode()) / 1024)


def gauge(text, name):
    """The value in Prometheus' format; None if it is not there."""
    values = [line.split()[1] for line in text.splitlines() if line.startswith(f"{name} ")]
    return float(values[0]) if values else None


# ---- One zone of many hosts ----


def measure_hosts(name, options):
    """All of them there at once, in turns."""
    figures = Figures(name)
    benches = []
    with contextlib.ExitStack() as stack:
        for count in [HOST_COUNT, *options.hosts]:
            hosts = Hosts(count)
            primary = started_primary(stack, name, hosts)
            patterns = [[f"zone:{ZONE}"]] * USER_COUNT
            gateway = stack.enter_context(contextlib.closing(Subject(primary, patterns=patterns).start()))
            benches.append(Bench(primary, gateway, options.seconds, figures, hosts, case=named(count, "hosts")))
            say(f"{primary.label}, {benches[-1].case}: warming up")
            benches[-1].warm_up(max(options.seconds, -(-count // HOSTS_PER_S)))
        for number in range(options.rounds):
            say(f"{primary.label}, zones of many hosts, round {number + 1} of {options.rounds}")
            for bench in benches[::-1] if number % 2 else benches:
                bench.primary.settle()
                bench.updates(LOADS[1])
    figures.compare_cases("updates", "ratio_to_smallest", benches[0].case)
    rows = figures.rows()
    return Report(f"Zones of many hosts, {primary.label}", rows, markdown(rows, HOSTS_TARGETS),
                  [each for bench in benches for each in bench.faults])


# ---- A user with many hosts ----


def measure_user(name, options):
    """Two users, who have all hosts of the zone between them; in the configuration, or in the state store."""
    figures = Figures(name)
    hosts = Hosts(2 * USER_HOSTS)
    patterns = [[hosts.name(number) for number in range(user, hosts.count, 2)] for user in range(2)]
    what = f"a user's {USER_HOSTS:,} hosts in the"
    with contextlib.ExitStack() as stack:
        primary = started_primary(stack, name, hosts)
        gateways = {f"{what} configuration": Subject(primary, patterns=patterns)}
        try:
            state = state_store(primary, patterns)
            gateways[f"{what} state store"] = Subject(primary, patterns=[], state_dir=str(state))
        except tools.Failed as failure:
            say(f"not measured: {failure}")
        benches = []
        for case, gateway in gateways.items():
            stack.enter_context(contextlib.closing(gateway.start()))
            benches.append(Bench(primary, gateway, options.seconds, figures, hosts, users=2, case=case))
            benches[-1].warm_up()
        for number in range(options.rounds):
            for bench in benches[::-1] if number % 2 else benches:
                bench.primary.settle()
                bench.unchanged()
                bench.wrong_keys()
    rows = figures.rows()
    return Report(f"A user with many hosts, {primary.label}", rows, markdown(rows, USER_TARGETS),
                  [each for bench in benches for each in bench.faults])


# ---- What they share ----


def started_primary(stack, name, *sets):
    primary = stack.enter_context(contextlib.closing(PRIMARIES[name](*sets)))
    primary.start()
    return primary


def estate(count):
    """The names of as many zones, and what the user of each may update: all of it, for the zone is the customer's own."""
    names = [Hosts(zones=count).zone(number) for number in range(count)]
    return names, [[f"zone:{name}"] for name in names]


def state_store(primary, patterns):
    """A state folder with those users in it, imported by the program. It goes with the primary."""
    folder = Path(tempfile.mkdtemp(dir=primary.folder))
    state = folder / "state"
    state.mkdir(mode=0o700)
    table = folder / "users.csv"
    table.write_text("login,key,hosts\n" + "".join(
        f"user{number},{digest()},{' '.join(hosts)}\n" for number, hosts in enumerate(patterns)))
    config = folder / "import.cfg"
    config.write_text(minimal_config(f'state_dir = "{state}";', str(primary.key_file)))
    config.chmod(0o600)
    done = subprocess.run([BINARY, "user", "import", table, "-c", config], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise tools.Failed(f"ddnsgate user import: {done.stderr[-300:].strip()}")
    return state


def minimal_config(settings, key_file=None):
    key = f'file = "{key_file}";' if key_file else 'name = "gw"; secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=";'
    zones = "" if "zones =" in settings else 'zones = ( { name = "example.com"; primaries = ( "192.0.2.1" ); key = "gw"; } );'
    return f'listen = ( {{ address = "127.0.0.1"; }} );\ntsig_keys = ( {{ {key} }} );\n{zones}\n{settings}\n'


def star_settings():
    return 'zones = ( { name = "*"; primaries = ( "192.0.2.1" ); key = "gw"; } );'


def knows(settings):
    """Whether the program takes these settings: it may be older than they are."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "ddnsgate.cfg")
        config.write_text(minimal_config(settings))
        config.chmod(0o600)
        return subprocess.run([BINARY, "check", "-c", config], capture_output=True, check=False).returncode == 0


MEASURES = {"many": measure_many, "single": measure_single, "costs": measure_costs, "hosts": measure_hosts,
            "user": measure_user}
ON_FIRST_PRIMARY = ("costs", "user")  # they do not depend on it


def parse_arguments():
    """./run has checked them, and filled in what was not given."""
    def numbers(text):
        return [int(each) for each in text.split(",") if each]
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--parts", type=lambda text: text.split(","), required=True)
    parser.add_argument("--primary", action="append", required=True)
    parser.add_argument("--connections-max", type=numbers, required=True)
    parser.add_argument("--costs", type=numbers, required=True)
    parser.add_argument("--hosts", type=numbers, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--json", type=Path, required=True)
    return parser.parse_args()


def main():
    """Exit status 1 if an acknowledged update was lost or something could not be measured; targets do not count."""
    options = parse_arguments()
    for number in ENDING:
        signal.signal(number, end_by_signal)
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    rows, faults = [], []
    print(machine())
    for part in options.parts:
        for name in options.primary[:1] if part in ON_FIRST_PRIMARY else options.primary:
            try:
                report = MEASURES[part](name, options)
            except (tools.Failed, AssertionError) as failure:
                faults.append(f"{part}, {name}: {failure}")
                say(faults[-1])
                continue
            rows += [{"part": part, **row} for row in report.rows]
            faults += report.faults
            print(f"\n## {report.title}\n\n{report.text}", flush=True)
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json_text(rows))
    if faults:
        sys.exit("\nNot to be believed:\n" + "\n".join(faults))
    print("\nEvery update that was acknowledged is in its zone.")


if __name__ == "__main__":
    main()
