"""Several hosts in one dyndns2 request: one line for each in the order asked, one UPDATE message for each zone, and
what is wrong with one host is that host's affair."""

import contextlib
import random

import pytest

import faulty
from conftest import OPEN_NAMES, POLICED_ZONE, READ_ONLY_ZONE, SECOND_ZONE
from gateway import API_KEY, LOGIN, SHORT_TIMEOUTS, ZONE, basic, nic

V4, V6 = "198.51.100.7", "2001:db8::7"
OLD_V4, OLD_V6 = ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")
GATEWAY_TTL = 180
HOSTS_MAX = 20


def names(count, zone=ZONE):
    return [f"h{number}.{zone}" for number in range(count)]


def lines(answer):
    """The body's lines, of which each has its LF."""
    assert answer.text.endswith("\n")
    return answer.text[:-1].split("\n")


# How many messages

@pytest.mark.parametrize("count", [1, 2, 5, HOSTS_MAX])
@pytest.mark.parametrize("ip, records", [("{}", 1), ("{},2001:db8::{:x}", 2)], ids=["A", "both"])
def test_hosts_of_one_zone_are_one_message(scripted, front, count, ip, records):
    """Those that the gateway has never seen as well as those that it knows."""
    primary = scripted()
    gateway = front(primary)
    for number in (1, 2):
        address = ip.format(f"198.51.100.{number}", number)
        answer = gateway.nic(names(count), address)
        assert (answer.status, lines(answer)) == (200, [f"good {address}"] * count)
        assert len(primary.updates) == number
        assert len(primary.updates[-1].prerequisite) == records * count


def test_known_and_unknown_hosts_are_one_message(scripted, front):
    primary = scripted()
    gateway = front(primary)
    hosts = names(HOSTS_MAX)
    assert gateway.nic(hosts[::3], "198.51.100.1").code == "good"
    assert lines(gateway.nic(hosts, V4)) == [f"good {V4}"] * HOSTS_MAX
    assert [len(update.prerequisite) for update in primary.updates] == [7, HOSTS_MAX]


def test_unchanged_hosts_cost_no_update(scripted, front):
    primary = scripted()
    gateway = front(primary)
    hosts = names(HOSTS_MAX)
    assert gateway.nic(hosts, V4).code == "good"
    for each in (gateway, front(primary)):
        assert lines(each.nic(hosts, V4)) == [f"nochg {V4}"] * HOSTS_MAX
    assert len(primary.updates) == 1


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_changed_and_unchanged_hosts(scripted, front, known):
    """Each line has its word, and what changes is one message."""
    primary = scripted()
    gateway = front(primary)
    hosts = names(HOSTS_MAX)
    assert gateway.nic(hosts[::2], V4).code == "good"
    gateway = gateway if known else front(primary)
    assert lines(gateway.nic(hosts, V4)) == [f"nochg {V4}", f"good {V4}"] * (HOSTS_MAX // 2)
    assert [len(update.prerequisite) for update in primary.updates] == [HOSTS_MAX // 2] * 2


def test_hosts_of_two_zones_are_two_messages(scripted, front):
    primary = scripted()
    gateway = front(primary, ZONE, SECOND_ZONE)
    hosts = [host for pair in zip(names(10), names(10, SECOND_ZONE)) for host in pair]
    for ip in ("198.51.100.1", V4):
        assert lines(gateway.nic(hosts, ip)) == [f"good {ip}"] * HOSTS_MAX
        assert {update.zone[0].name.to_text(): len(update.prerequisite) for update in primary.updates[-2:]} == \
            {f"{ZONE}.": 10, f"{SECOND_ZONE}.": 10}
    assert len(primary.updates) == 4


def test_the_same_host_twice(scripted, front):
    primary = scripted()
    host, = names(1)
    assert lines(front(primary).nic([host, host.upper(), f"{host}."], V4)) == [f"good {V4}"] * 3
    assert len(primary.updates) == 1


def test_a_request_waits_for_none_of_another_user(scripted, front):
    """Requests that come while a message is on its way gather, but each request stays whole."""
    primary = scripted(faulty.slow(0.2))
    gateway = front(primary)
    with gateway.begin(f"first.{ZONE}", V4) as first:
        assert primary.got(1)
        assert lines(gateway.nic(names(HOSTS_MAX), V4)) == [f"good {V4}"] * HOSTS_MAX
        assert first.answer().code == "OK"
    assert [len(update.prerequisite) for update in primary.updates] == [1, HOSTS_MAX]


# At real primaries

@pytest.mark.parametrize("count", [2, HOSTS_MAX])
def test_many_hosts_are_one_serial(primary, front, count):
    hosts = primary.new_hosts(count, OLD_V4, OLD_V6)
    gateway, serial = front(primary), primary.serial()
    for number, ip in enumerate(("198.51.100.1", V4), 1):
        answer = gateway.nic(hosts, f"{ip},{V6}")
        assert (answer.status, lines(answer)) == (200, [f"good {ip},{V6}"] * count)
        assert primary.serial() == serial + number
        assert all(primary.records(host, "A") == (GATEWAY_TTL, [ip]) for host in hosts)
        assert all(primary.records(host, "AAAA") == (GATEWAY_TTL, [V6]) for host in hosts)
    assert lines(gateway.nic(hosts, f"{V4},{V6}")) == [f"nochg {V4},{V6}"] * count
    assert primary.serial() == serial + 2


def test_hosts_of_two_zones(primary, front):
    hosts = primary.new_hosts(3, OLD_V4) + primary.new_hosts(3, OLD_V4, zone=SECOND_ZONE)
    random.shuffle(hosts)
    assert lines(front(primary, ZONE, SECOND_ZONE).nic(hosts, V4)) == [f"good {V4}"] * 6
    assert all(primary.records(host, "A") == (GATEWAY_TTL, [V4]) for host in hosts)


@pytest.mark.parametrize("place", [0, 1, 3], ids=["first", "inside", "last"])
@pytest.mark.parametrize("bad, word", [
    (f"nobody.{ZONE}", "nohost"), ("www.example.org", "!yours"), ("no name", "notfqdn"), ("nodot", "!yours"),
])
def test_a_bad_host_is_its_own_line(primary, front, place, bad, word):
    good = primary.new_hosts(3, OLD_V4)
    gateway, serial = front(primary), primary.serial()
    hosts = [*good[:place], bad, *good[place:]]
    for number, ip in enumerate(("198.51.100.1", V4), 1):
        answer = gateway.nic(hosts, ip)
        assert (answer.status, lines(answer)) == (200, [word if host == bad else f"good {ip}" for host in hosts])
        assert primary.serial() == serial + number, "one message all the same"
    assert all(primary.records(host, "A") == (GATEWAY_TTL, [V4]) for host in good)


def test_a_host_without_one_of_two_records(primary, front):
    whole, half = primary.new_hosts(3, OLD_V4, OLD_V6), primary.new_host(OLD_V4)
    hosts = [whole[0], half, *whole[1:]]
    answer = front(primary).nic(hosts, f"{V4},{V6}")
    assert lines(answer) == [f"good {V4},{V6}", "nohost"] + [f"good {V4},{V6}"] * 2
    assert primary.records(half, "A")[1] == [OLD_V4[1]]


def test_hosts_that_went_meanwhile(primary, front):
    """The gateway remembers them, and the primary knows better."""
    hosts = primary.new_hosts(HOSTS_MAX, OLD_V4)
    gone = hosts[::6]
    gateway = front(primary)
    assert lines(gateway.nic(hosts, "198.51.100.1")) == ["good 198.51.100.1"] * HOSTS_MAX
    for host in gone:
        primary.remove(host, "A")
    answer = gateway.nic(hosts, V4)
    assert lines(answer) == ["nohost" if host in gone else f"good {V4}" for host in hosts]
    for host in hosts:
        assert primary.records(host, "A") == (None if host in gone else (GATEWAY_TTL, [V4]))


def test_a_host_that_policy_refuses(primary, front):
    """Twice, for at the second time the gateway knows the culprit."""
    hosts = primary.new_hosts(7, OLD_V4, zone=POLICED_ZONE, below=OPEN_NAMES)
    refused = primary.new_host(OLD_V4, zone=POLICED_ZONE)
    hosts.insert(3, refused)
    gateway = front(primary, POLICED_ZONE)
    for ip in ("198.51.100.1", V4):
        answer = gateway.nic(hosts, ip)
        assert (answer.status, lines(answer)) == (200, ["dnserr" if host == refused else f"good {ip}"
                                                        for host in hosts])
        assert all(primary.records(host, "A") == (GATEWAY_TTL, [ip]) for host in hosts if host != refused)
    assert primary.records(refused, "A")[1] == [OLD_V4[1]]


def test_every_kind_of_failure_in_one_request(primary, front):
    good = primary.new_hosts(2, OLD_V4, zone=POLICED_ZONE, below=OPEN_NAMES)
    expected = {
        good[0]: f"good {V4}", f"nobody.{OPEN_NAMES}": "nohost", "no name": "notfqdn",
        primary.new_host(OLD_V4, zone=POLICED_ZONE): "dnserr", "www.example.org": "!yours", good[1]: f"good {V4}",
        f"www.{READ_ONLY_ZONE}": "dnserr",
    }
    answer = front(primary, POLICED_ZONE, READ_ONLY_ZONE).nic(list(expected), V4)
    assert (answer.status, lines(answer)) == (200, list(expected.values()))


@pytest.mark.parametrize("hosts, status, words", [
    ([f"nobody.{ZONE}", "no name"], 404, ["nohost", "notfqdn"]),
    (["no name", f"nobody.{ZONE}"], 400, ["notfqdn", "nohost"]),
    ([f"nobody.{ZONE}", f"www.{READ_ONLY_ZONE}"], 503, ["nohost", "dnserr"]),
    ([f"www.{READ_ONLY_ZONE}"] * 2, 503, ["dnserr"] * 2),
    (["www.example.org", "www.example.net"], 403, ["!yours"] * 2),
])
def test_nothing_but_failures(primary, front, hosts, status, words):
    """No success, no 200; and what may pass is worth another try."""
    answer = front(primary, ZONE, READ_ONLY_ZONE).nic(hosts, V4)
    assert (answer.status, lines(answer)) == (status, words)


@pytest.mark.parametrize("operands", [{"password": "ER2T229DF4GBNM-other"}, {"user": "nobody"}])
def test_what_is_wrong_with_the_account_is_said_once(primary, front, operands):
    answer = front(primary).nic(names(3), V4, **operands)
    assert (answer.status, answer.body) == (401, b"badauth\n")


def test_what_is_wrong_with_the_addresses_is_said_of_each_host(primary, front):
    answer = front(primary).nic(primary.new_hosts(3, OLD_V4), "nonsense")
    assert (answer.status, lines(answer)) == (400, ["notfqdn"] * 3)


def test_as_many_hosts_as_there_may_be(primary, front):
    hosts = primary.new_hosts(HOSTS_MAX + 1, OLD_V4)
    gateway, serial = front(primary), primary.serial()
    answer = gateway.nic(hosts, V4)
    assert (answer.status, answer.body) == (400, b"numhost\n")
    assert primary.serial() == serial
    assert lines(gateway.nic(hosts[1:], V4)) == [f"good {V4}"] * HOSTS_MAX


def test_more_hosts_than_a_users_share(scripted, front):
    """What there is room for goes, together; the rest is told to come back."""
    primary = scripted()
    gateway = front(primary, queue_share_max=5)
    for ip in ("198.51.100.1", V4):
        answer = gateway.nic(names(10), ip)
        assert (answer.status, lines(answer)) == (200, [f"good {ip}"] * 5 + ["911"] * 5)
    assert [len(update.prerequisite) for update in primary.updates] == [5, 5]


def test_the_primary_is_silent_about_one_of_two_zones(scripted, front):
    primary = scripted(_silent_about(SECOND_ZONE))
    answer = front(primary, ZONE, SECOND_ZONE, **SHORT_TIMEOUTS).nic([f"a.{SECOND_ZONE}", f"a.{ZONE}"], V4)
    assert (answer.status, lines(answer)) == (200, ["911", f"good {V4}"])


def _silent_about(zone):
    def script(peer):
        for request in peer.requests():
            if request.zone != zone:
                peer.send(faulty.framed(peer.signed(request)))
    return script


def test_a_burst_of_requests_with_many_hosts(primary, front):
    """Whoever is last, every host has an address that it was given."""
    hosts = primary.new_hosts(HOSTS_MAX, OLD_V4)
    requests = [(random.sample(hosts, 10), f"198.51.100.{number}") for number in range(1, 11)]
    gateway = front(primary)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(gateway.connect()) for _ in requests]
        for connection, (some, ip) in zip(connections, requests):
            connection.request("GET", nic(some, myip=ip), [basic(LOGIN, API_KEY)])
        for connection in connections:
            assert all(line.split()[0] in ("good", "nochg") for line in lines(connection.answer()))
    for host in hosts:
        written = {ip for some, ip in requests if host in some} or {OLD_V4[1]}
        _, values = primary.records(host, "A")
        assert len(values) == 1 and set(values) <= written
