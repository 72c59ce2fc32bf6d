"""The figures of a run: collected round by round, compared, and written as JSON and as a Markdown table."""

import json
import statistics
from collections import defaultdict
from dataclasses import dataclass

# In the order in which they are reported.
UNITS = {
    "nsupdate": "updates/s",
    "dnsperf": "updates/s",
    "dnsperf_256": "updates/s",
    "ceiling_1_in_flight": "updates/s",
    "ceiling_4_in_flight": "updates/s",
    "ceiling": "updates/s",
    "plain_update": "updates/s",
    "updates_cold": "updates/s",
    "updates": "updates/s",
    "dyndns2": "updates/s",
    "poisoned": "updates/s",
    "unchanged": "answers/s",
    "unchanged_tls": "answers/s",
    "wrong_key": "answers/s",
    "handshakes": "handshakes/s",
    "ratio_to_dnsperf": "ratio",
    "ratio_p99_to_dnsperf": "ratio",
    "ratio_to_ceiling": "ratio",
    "ratio_to_bound": "ratio",
    "ratio_to_smallest": "ratio",
    "ratio_p50_to_plain_update": "ratio",
    "ratio_poisoned_to_clean": "ratio",
    "ratio_dyndns2_to_rexx": "ratio",
    "cpu_per_update": "us",
    "cpu_per_unchanged": "us",
    "cpu_per_wrong_key": "us",
    "cpu_per_handshake": "us",
    "ratio_cpu_per_update": "ratio",
    "ratio_cpu_per_unchanged": "ratio",
    "ratio_cpu_per_wrong_key": "ratio",
    "check_cpu": "s",
    "start_cpu": "s",
    "start": "s",
    "resident_idle": "MiB",
    "resident_connected": "MiB",
    "resident_reloaded": "MiB",
    "resident_used_more": "MiB",
    "resident_reload_peak": "MiB",
    "reload": "s",
    "reload_cpu": "s",
    "stall_quiet": "ms",
    "stall_reload": "ms",
    "turn_max": "ms",
    "metrics": "ms",
    "metrics_size": "KiB",
}
CEILINGS = ("ceiling_1_in_flight", "ceiling_4_in_flight")
DNSPERF_LOADED = 256  # in flight, of dnsperf_256, which compares with as many connections


@dataclass(frozen=True)
class Sample:
    """One measurement of a figure. Latencies are None where nothing tells them."""
    value: float
    p50_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True)
class Target:
    """What a figure should be, at least or else at most. None stands for every primary, number of connections, or case."""
    figure: str
    value: float
    at_least: bool = True
    primary: str | None = None
    connections: tuple | None = None
    case: str | None = None

    def covers(self, row):
        return (self.figure == row["figure"] and self.primary in (None, row["primary"])
                and (self.connections is None or row["connections"] in self.connections)
                and self.case in (None, row["case"]))

    def met_by(self, value):
        return value >= self.value if self.at_least else value <= self.value

    def __str__(self):
        return f"{'≥' if self.at_least else '≤'} {self.value:,}"


TARGETS = (
    Target("ratio_to_dnsperf", 10, primary="bind", connections=(256, 1000)),
    Target("ratio_to_dnsperf", 2.5, primary="knot", connections=(256, 1000)),
    Target("ratio_to_ceiling", 0.6, primary="bind", connections=(256, 1000)),
    Target("ratio_to_ceiling", 0.5, primary="knot", connections=(256, 1000)),
    Target("ratio_p50_to_plain_update", 1.25, at_least=False),
    Target("ratio_poisoned_to_clean", 0.6),
    Target("ratio_dyndns2_to_rexx", 0.9),
    Target("unchanged", 30_000),
    Target("unchanged_tls", 40_000),
    Target("wrong_key", 50_000),
    Target("handshakes", 1_500),
    Target("cpu_per_update", 25, at_least=False, connections=(256,)),
    Target("resident_idle", 12, at_least=False),
    Target("resident_connected", 120, at_least=False),
)


class Figures:
    """What was measured with one primary: for each figure, number of connections (None where there are none) and case
    (None where there is but one; such as "10,000 zones") a sample from each round."""

    def __init__(self, primary):
        self.primary = primary
        self._samples = defaultdict(list)

    def add(self, figure, sample, connections=None, case=None):
        self._samples[figure, connections, case].append(sample)

    def compare(self):
        """Adds the ratios. They are taken within each round, so that what slows the machine for a while slows both."""
        self._samples["ceiling", None, None] = max((self._samples[name, None, None] for name in CEILINGS), key=_median)
        for figure, connections, _ in list(self._samples):
            if figure == "updates":
                self._add_ratio("ratio_to_dnsperf", (figure, connections), ("dnsperf", None))
                self._add_ratio("ratio_to_ceiling", (figure, connections), ("ceiling", None))
            if figure == "poisoned":
                self._add_ratio("ratio_poisoned_to_clean", (figure, connections), ("updates", connections))
            if figure == "dyndns2":
                self._add_ratio("ratio_dyndns2_to_rexx", (figure, connections), ("updates", connections))
        self._add_ratio("ratio_p50_to_plain_update", ("updates", 1), ("plain_update", None), "p50_ms")

    def compare_to_bound(self, connections):
        """Clients that each wait for a transaction get no more of them than fit one after the other: their number,
        divided by the time of a plain UPDATE."""
        for update, plain in zip(self._samples["updates", connections, None], self._samples["plain_update", None, None]):
            self.add("ratio_to_bound", Sample(update.value * plain.p50_ms / 1000 / connections), connections)

    def compare_to_dnsperf(self, case):
        """Of many zones: every case to dnsperf in front of the same ones, which has a case of its own."""
        for above in [key for key in self._samples if key[0] == "updates"]:
            self._add_ratio("ratio_to_dnsperf", above, ("dnsperf", None, case))
            if above[1] == DNSPERF_LOADED:
                self._add_ratio("ratio_p99_to_dnsperf", above, ("dnsperf_256", None, case), "p99_ms")

    def compare_cases(self, figure, name, smallest):
        """Every other case to the smallest one."""
        for above in [key for key in self._samples if key[0] == figure and key[2] != smallest]:
            self._add_ratio(name, above, (figure, above[1], smallest))

    def _add_ratio(self, name, above, below, field="value"):
        """`above` and `below` are figure, connections and, if there are several, case."""
        above, below = (*above, None)[:3], (*below, None)[:3]
        pairs = zip(self._samples.get(above, ()), self._samples.get(below, ()))
        for dividend, divisor in pairs:
            self.add(name, Sample(getattr(dividend, field) / getattr(divisor, field)), above[1], above[2])

    def over(self, other):
        """For each figure the medians of both and of the ratio in each round."""
        for key in sorted(self._samples, key=lambda key: list(UNITS).index(key[0])):
            mine, theirs = self._samples[key], other._samples[key]
            quotients = [one.value / another.value for one, another in zip(mine, theirs)]
            yield {"primary": self.primary, "figure": key[0], "connections": key[1], "unit": UNITS[key[0]],
                   "value": _median(mine), "other": _median(theirs), "ratio": round(statistics.median(quotients), 3)}

    def rows(self):
        """One object for each figure, as in bench.json: the medians over the rounds."""
        order = list(UNITS)
        ranked = sorted(self._samples, key=lambda key: (order.index(key[0]), key[1] or 0))  # cases as they came
        return [{"primary": self.primary, "case": key[2], "figure": key[0], "connections": key[1],
                 "value": _median(self._samples[key]), "unit": UNITS[key[0]],
                 "p50_ms": _median(self._samples[key], "p50_ms"), "p99_ms": _median(self._samples[key], "p99_ms")}
                for key in ranked if self._samples[key]]


def _median(samples, field="value"):
    values = [getattr(sample, field) for sample in samples]
    return None if None in values else round(statistics.median(values), 3)


def against(this, other):
    """The rows of one program over another."""
    return list(this.over(other))


def ratios(rows):
    """Those as a table."""
    lines = ["| primary | figure | connections | this | other | ratio |", "|---|---|---:|---:|---:|---:|"]
    for row in rows:
        unit = row["unit"].replace("us", "µs")
        lines.append(f"| {row['primary']} | {row['figure']} | {row['connections']} | {_number(row['value'])} {unit} "
                     f"| {_number(row['other'])} {unit} | {row['ratio']:.3f} |")
    return "\n".join(lines)


def json_text(rows):
    """One line for each figure."""
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


def markdown(rows, targets=TARGETS):
    """A line for each figure. Cases have a column if there are any."""
    cases = any(row["case"] for row in rows)
    heads = ["primary", *(["of"] if cases else []), "figure", "connections", "value", "p50 ms", "p99 ms", "target", "met"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * (len(heads) - 6) + "|---:|---:|---:|---:|---:|---|"]
    for row in rows:
        target = _target_of(row, targets)
        cells = (row["primary"], *([row["case"] or "one zone"] if cases else []), row["figure"], row["connections"] or "",
                 _value(row), _number(row["p50_ms"]), _number(row["p99_ms"]), target or "", _met(target, row["value"]))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def growth(rows, targets):
    """A line for each figure and a column for each case, and whether the target for the case it is for is met."""
    cases = list(dict.fromkeys(row["case"] for row in rows))
    lines = ["| figure | " + " | ".join(cases) + " | target | met |", "|---|" + "---:|" * (len(cases) + 1) + "---|"]
    for figure in dict.fromkeys(row["figure"] for row in rows):
        of_figure = {row["case"]: row for row in rows if row["figure"] == figure}
        judged = [(target, row["value"]) for row in of_figure.values() if (target := _target_of(row, targets))]
        values = [_value(of_figure[case]) if case in of_figure else "" for case in cases]
        cells = (figure, *values, ", ".join(str(target) for target, _ in judged),
                 ", ".join(_met(target, value) for target, value in judged))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _target_of(row, targets):
    return next((each for each in targets if each.covers(row)), None)


def _met(target, value):
    return "" if target is None else "yes" if target.met_by(value) else "**no**"


def _value(row):
    return _number(row["value"]) + ("" if row["unit"] == "ratio" else " " + row["unit"].replace("us", "µs"))


def _number(value):
    """Three significant digits or more; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
