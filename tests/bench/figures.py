"""The figures of a run: collected round by round, compared, and written as JSON and as a Markdown table."""

import json
import statistics
from collections import defaultdict
from dataclasses import dataclass

# In the order in which they are reported.
UNITS = {
    "nsupdate": "updates/s",
    "dnsperf": "updates/s",
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
    "ratio_to_ceiling": "ratio",
    "ratio_p50_to_plain_update": "ratio",
    "ratio_poisoned_to_clean": "ratio",
    "ratio_dyndns2_to_rexx": "ratio",
    "cpu_per_update": "us",
    "cpu_per_unchanged": "us",
    "cpu_per_handshake": "us",
    "resident_idle": "MiB",
    "resident_connected": "MiB",
}
CEILINGS = ("ceiling_1_in_flight", "ceiling_4_in_flight")


@dataclass(frozen=True)
class Sample:
    """One measurement of a figure. Latencies are None where nothing tells them."""
    value: float
    p50_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True)
class Target:
    """What a figure should be, at least or else at most. None stands for every primary, or number of connections."""
    figure: str
    value: float
    at_least: bool = True
    primary: str | None = None
    connections: tuple | None = None

    def covers(self, row):
        return (self.figure == row["figure"] and self.primary in (None, row["primary"])
                and (self.connections is None or row["connections"] in self.connections))

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
    """What was measured with one primary: for each figure and number of connections (None where there are none) a
    sample from each round."""

    def __init__(self, primary):
        self.primary = primary
        self._samples = defaultdict(list)

    def add(self, figure, sample, connections=None):
        self._samples[figure, connections].append(sample)

    def compare(self):
        """Adds the ratios. They are taken within each round, so that what slows the machine for a while slows both."""
        self._samples["ceiling", None] = max((self._samples[name, None] for name in CEILINGS), key=_median)
        for figure, connections in list(self._samples):
            if figure == "updates":
                self._add_ratio("ratio_to_dnsperf", (figure, connections), ("dnsperf", None))
                self._add_ratio("ratio_to_ceiling", (figure, connections), ("ceiling", None))
            if figure == "poisoned":
                self._add_ratio("ratio_poisoned_to_clean", (figure, connections), ("updates", connections))
            if figure == "dyndns2":
                self._add_ratio("ratio_dyndns2_to_rexx", (figure, connections), ("updates", connections))
        self._add_ratio("ratio_p50_to_plain_update", ("updates", 1), ("plain_update", None), "p50_ms")

    def _add_ratio(self, name, above, below, field="value"):
        pairs = zip(self._samples.get(above, ()), self._samples.get(below, ()))
        for dividend, divisor in pairs:
            self.add(name, Sample(getattr(dividend, field) / getattr(divisor, field)), above[1])

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
        ranked = sorted(self._samples, key=lambda key: (order.index(key[0]), key[1] or 0))
        return [{"primary": self.primary, "figure": figure, "connections": connections,
                 "value": _median(self._samples[figure, connections]), "unit": UNITS[figure],
                 "p50_ms": _median(self._samples[figure, connections], "p50_ms"),
                 "p99_ms": _median(self._samples[figure, connections], "p99_ms")}
                for figure, connections in ranked]


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


def markdown(rows):
    lines = ["| primary | figure | connections | value | p50 ms | p99 ms | target | met |",
             "|---|---|---:|---:|---:|---:|---:|---|"]
    for row in rows:
        target = next((each for each in TARGETS if each.covers(row)), None)
        met = "" if target is None else "yes" if target.met_by(row["value"]) else "**no**"
        unit = "" if row["unit"] == "ratio" else " " + row["unit"].replace("us", "µs")
        cells = (row["primary"], row["figure"], row["connections"] or "", _number(row["value"]) + unit,
                 _number(row["p50_ms"]), _number(row["p99_ms"]), target or "", met)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _number(value):
    """Three significant digits or more; nothing for None."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
