"""The benchmark's own parts: that what it reads, compares and prints is what was measured. The measurements themselves take
minutes and a quiet machine, and are no tests."""

import contextlib
import json
import subprocess
from pathlib import Path

import pytest

import tools
import verify
from figures import Figures, Sample, Target, growth, json_text, markdown
from primaries import PRIMARIES, Hosts
from zones import estate, gauge, knows

BENCH = Path(__file__).parents[1] / "bench"

DNSPERF = """DNS Performance Testing Tool
Version 2.10.0

[Status] Command line: dnsperf -u -s 127.0.0.1 -y hmac-sha256:gw:secret=
[Status] Started at: Tue Dec  1 13:47:13 2026
{each}[Status] Testing complete (time limit)

Statistics:

  Updates sent:         320
  Updates completed:    320 (100.00%)
  Updates lost:         0 (0.00%)

  Response codes:       {codes}
  Average packet size:  request 157, response 110
  Run time (s):         1.000199
  Updates per second:   319.936333

  Average Latency (s):  0.001119 (min 0.000475, max 0.003636)
  Latency StdDev (s):   0.000407
"""
ALL_GOOD = "NOERROR 320 (100.00%)"


def test_what_dnsperf_says_is_a_rate():
    assert tools.read_dnsperf(DNSPERF.format(each="", codes=ALL_GOOD)) == Sample(319.936333, None, None)


def test_what_dnsperf_says_of_each_update_is_latencies():
    each = "".join(f"> NOERROR zone{number % 7}.example.com 0.{number:06}\n" for number in range(1000, 0, -1))
    sample = tools.read_dnsperf(DNSPERF.format(each=each + "> T zone1.example.com\n", codes=ALL_GOOD))
    assert (sample.p50_ms, sample.p99_ms) == (pytest.approx(0.501), pytest.approx(0.991))


@pytest.mark.parametrize("codes", ["", "NOERROR 319 (99.69%), SERVFAIL 1 (0.31%)", "REFUSED 320 (100.00%)"])
def test_a_rate_of_anything_but_commits_is_none(codes):
    with pytest.raises(tools.Failed):
        tools.read_dnsperf(DNSPERF.format(each="", codes=codes))


def of(rows, figure, case=None, connections=None):
    return [row["value"] for row in rows if (row["figure"], row["case"], row["connections"]) == (figure, case, connections)]


def test_ratios_are_medians_of_those_within_each_round():
    figures = Figures("bind")
    for dnsperf, updates in ((100, 110), (200, 180), (400, 400)):
        figures.add("dnsperf", Sample(dnsperf), case="many")
        figures.add("dnsperf_256", Sample(dnsperf, 10, 20), case="many")
        figures.add("updates", Sample(updates, 10, 30), 64, "many, 16 at most")
        figures.add("updates", Sample(2 * updates, 10, 30), 256, "many, 16 at most")
    figures.compare_to_dnsperf("many")
    rows = figures.rows()
    assert of(rows, "ratio_to_dnsperf", "many, 16 at most", 64) == [1.0]
    assert of(rows, "ratio_to_dnsperf", "many, 16 at most", 256) == [2.0]
    assert of(rows, "ratio_p99_to_dnsperf", "many, 16 at most", 256) == [1.5]
    assert of(rows, "ratio_p99_to_dnsperf", "many, 16 at most", 64) == []


def test_a_single_zone_compares_as_ever():
    figures = Figures("knot")
    for name, value in {"dnsperf": 10, "ceiling_1_in_flight": 100, "ceiling_4_in_flight": 200}.items():
        figures.add(name, Sample(value))
    figures.add("plain_update", Sample(100, 10, 12))
    figures.add("updates", Sample(50, 10, 20), 1)
    figures.add("updates", Sample(150, 10, 20), 256)
    figures.compare()
    figures.compare_to_bound(256)
    rows = figures.rows()
    assert of(rows, "ratio_to_dnsperf", None, 256) == [15]
    assert of(rows, "ratio_to_ceiling", None, 256) == [0.75]
    assert of(rows, "ratio_p50_to_plain_update", None, 1) == [1]
    assert of(rows, "ratio_to_bound", None, 256) == [pytest.approx(150 / 25_600, abs=0.0005)]
    assert json.loads(json_text(rows)) == rows


def test_each_case_compares_to_the_smallest():
    figures = Figures("bind")
    for case, value in {"10 zones": 4, "1,000 zones": 5}.items():
        figures.add("cpu_per_update", Sample(value), 64, case)
    figures.compare_cases("cpu_per_update", "ratio_cpu_per_update", "10 zones")
    rows = figures.rows()
    assert of(rows, "ratio_cpu_per_update", "1,000 zones", 64) == [1.25]
    assert of(rows, "ratio_cpu_per_update", "10 zones", 64) == []
    text = growth(rows, (Target("ratio_cpu_per_update", 1.1, at_least=False, case="1,000 zones"),
                         Target("cpu_per_update", 4, at_least=False, case="10 zones")))
    assert text.splitlines() == [
        "| figure | 10 zones | 1,000 zones | target | met |",
        "|---|---:|---:|---:|---|",
        "| cpu_per_update | 4 µs | 5 µs | ≤ 4 | yes |",
        "| ratio_cpu_per_update |  | 1.25 | ≤ 1.1 | **no** |",
    ]


def test_the_table_names_cases_if_there_are_any():
    figures = Figures("bind")
    figures.add("updates", Sample(1234, 1, 2), 64)
    assert markdown(figures.rows(), ()).splitlines()[-1] == "| bind | updates | 64 | 1,234 updates/s | 1 | 2 |  |  |"
    figures.add("updates", Sample(5, 1, 2), 64, "many")
    lines = markdown(figures.rows(), (Target("updates", 10, case="many"),)).splitlines()
    assert lines[0].split("|")[2] == " of " and lines[0].count("|") == lines[1].count("|") == lines[2].count("|")
    assert lines[2].endswith("|  |  |") and lines[3].endswith("| ≥ 10 | **no** |")


def test_an_update_that_was_acknowledged_and_is_not_there_is_a_fault():
    answers = tools.Answers(answers=3, seconds=3, refused=0, broken=0, p50_ms=1, p99_ms=1, max_ms=10)
    before = {0: "10.0.0.1", 1: "10.0.0.2"}
    sent = [(0.0, 0, "10.0.0.3"), (1.0, 1, "10.0.0.4"), (2.0, 1, "10.0.0.5")]
    good = {0: "10.0.0.3", 1: "10.0.0.5"}
    assert not list(verify.faults("update", 1, answers, sent, before, good))
    assert list(verify.faults("update", 1, answers, sent, before, good | {0: "10.0.0.1"}))
    assert list(verify.faults("update", 1, answers, sent, before, good | {1: "10.0.0.9"}))
    assert list(verify.faults("update", 1, answers, sent, before, {0: "10.0.0.3"}))


def test_names_are_what_the_load_tool_makes_of_the_pattern():
    for hosts in (Hosts(), Hosts(20, 4, "other")):
        for number in (0, 7, 19):
            numbers = (number, number % hosts.zones)[:hosts.pattern.count("%d")]
            assert hosts.name(number) == hosts.pattern % numbers
    names, patterns = estate(3)
    assert names == [Hosts(zones=3).zone(number) for number in range(3)]
    assert patterns == [[f"zone:{name}"] for name in names]


@pytest.mark.parametrize("kind", PRIMARIES.values())
def test_many_zones_are_read_back(kind):
    with contextlib.closing(kind(Hosts(60, 30), Hosts(30, 30, "other"))) as primary:
        primary.start()
        primary.settle()
        assert primary.addresses() == {number: f"10.0.0.{number}" for number in range(60)}
        assert primary.addresses(primary.sets[1]).keys() == set(range(30))


def test_an_option_is_left_out_if_the_program_does_not_know_it():
    assert knows("queue_max = 5;")
    assert not knows("no_such_option = 5;")


def test_a_gauge_that_is_not_there_is_none():
    assert gauge("# HELP a A\n# TYPE a gauge\na 0.25\nab 3\n", "a") == 0.25
    assert gauge("ab 3\n", "a") is None


def run(*arguments):
    return subprocess.run([BENCH / "run", *arguments], capture_output=True, text=True, timeout=30, check=False)


def test_help():
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(option in done.stdout for option in ("--zones", "--parts", "--connections-max", "--costs", "--hosts"))


@pytest.mark.parametrize("arguments", ["--bogus", "--zones --parts", "--zones --parts all", "--zones --hosts 0", "--costs x",
                                       "--connections-max 0", "--connections-max 1,", "--primary djbdns"])
def test_wrong_usage(arguments):
    done = run(*arguments.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage" in done.stderr
