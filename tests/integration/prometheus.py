"""Prometheus' text format, version 0.0.4, read strictly: what its own parser would refuse, and what promtool would
complain about, is refused here."""

import re
from dataclasses import dataclass, field

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (NaN|[+-]Inf|-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count")}


@dataclass
class Family:
    name: str
    help: str
    type: str = None
    samples: dict = field(default_factory=dict)  # (name, labels as a frozenset of pairs) -> value


def read_labels(text):
    labels, at = {}, 0
    while at < len(text or ""):
        label = LABEL.match(text, at)
        assert label and label[1] not in labels, f"labels: {text}"
        labels[label[1]] = label[2]
        at = label.end()
        assert bool(label[3]) == (at < len(text)), f"labels: {text}"
    return frozenset(labels.items())


def read(text):
    """The families by name."""
    families, family = {}, None
    assert text.endswith("\n") and "\n\n" not in text and "\r" not in text
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, help_text = line.split(" ", 3)
            assert re.fullmatch(NAME, name) and help_text and name not in families, line
            family = families[name] = Family(name, help_text)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == family.name and not family.samples and family.type is None, line
            assert kind in ("counter", "gauge", "histogram"), line
            family.type = kind
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            key = sample[1], read_labels(sample[2])
            names = [family.name + suffix for suffix in SUFFIXES.get(family.type, ("",))]
            assert sample[1] in names and key not in family.samples, line
            family.samples[key] = float(sample[3])
    for family in families.values():
        check(family)
    return families


def check(family):
    assert family.type and family.name.startswith(("ddnsgate_", "process_")), family
    assert family.name.endswith("_total") == (family.type == "counter"), family.name
    assert not re.search(r"_(ms|milliseconds|count|sum|bucket)$", family.name), family.name
    assert all(value >= 0 for value in family.samples.values()), family.name
    if family.type == "histogram":
        check_histogram(family)


def check_histogram(family):
    series = {}
    for (name, labels), value in family.samples.items():
        rest = frozenset(pair for pair in labels if pair[0] != "le")
        series.setdefault(rest, {}).setdefault(name.removeprefix(family.name), []).append((dict(labels).get("le"), value))
    for parts in series.values():
        bounds = [float(bound) for bound, _ in parts["_bucket"]]
        counts = [value for _, value in parts["_bucket"]]
        assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf"), family.name
        assert counts == sorted(counts) and counts[-1] == parts["_count"][0][1], family.name
        assert len(parts["_sum"]) == len(parts["_count"]) == 1, family.name


class Metrics:
    def __init__(self, text):
        self.families = read(text)

    def value(self, name, **labels):
        """Of the one sample of that name (with its suffix) and these labels; KeyError if there is none."""
        family = self.families.get(name) or self.families[re.sub("_(bucket|sum|count)$", "", name)]
        return family.samples[name, frozenset(labels.items())]

    def names(self):
        return {name for family in self.families.values() for name, _ in family.samples}

    def labels(self, name):
        """The names of the labels that samples of that name have."""
        return {label for family in self.families.values() for sample, labels in family.samples
                if sample == name for label, _ in labels}
