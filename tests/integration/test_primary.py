"""The main job, through real HTTP, at real BIND and Knot: what changes, what is answered, and what a primary may
refuse."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import READ_ONLY_ZONE, SECOND_ZONE, running_server
from gateway import API_KEY, LOGIN, SHORT_TIMEOUTS, ZONE, config_text, form, user_setting, zone_setting
from process import wait_until
from servers import ALGORITHMS, Key

V4, V6 = "198.51.100.7", "2001:db8::7"
OLD_V4, OLD_V6 = ("A", "192.0.2.1"), ("AAAA", "2001:db8::1")
GATEWAY_TTL = 180
UNSERVED_ZONE = "unserved.example.com"


@pytest.fixture
def front(gateway):
    """Makes a gateway in front of a primary."""
    def make(primary, algorithm="hmac-sha256", **options):
        key = primary.key(algorithm)
        return gateway(config_text([zone_setting(ZONE, primary, key)], [key], **options))
    return make


# What an update does

@pytest.mark.parametrize("address, rdtype", [(V4, "A"), (V6, "AAAA")])
def test_ok_means_that_the_zone_already_has_it(primary, front, address, rdtype):
    host = primary.new_host(OLD_V4, OLD_V6)
    serial = primary.serial()
    answer = front(primary).update(host, address)
    assert (answer.status, answer.body) == (200, b"OK\n")
    assert primary.records(host, rdtype) == (GATEWAY_TTL, [address])
    assert primary.serial() > serial


@pytest.mark.parametrize("address, other", [(V4, OLD_V6), (V6, OLD_V4)])
def test_the_other_family_stays_as_it_was(primary, front, address, other):
    host = primary.new_host(OLD_V4, OLD_V6)
    before = primary.records(host, other[0])
    assert front(primary).update(host, address).code == "OK"
    assert primary.records(host, other[0]) == before


def test_other_types_and_other_names_stay_as_they_were(primary, front):
    host, neighbour = primary.new_host(OLD_V4, ("TXT", '"kept"')), primary.new_host(OLD_V4)
    assert front(primary).update(host, V4).code == "OK"
    assert primary.records(host, "TXT")[1] == ['"kept"']
    assert primary.records(neighbour, "A")[1] == [OLD_V4[1]]


@pytest.mark.parametrize("ip", [f"{V4},{V6}", f"{V6},{V4}"], ids=["v4-first", "v6-first"])
def test_both_families_at_once(primary, front, ip):
    host = primary.new_host(OLD_V4, OLD_V6)
    serial = primary.serial()
    assert front(primary).update(host, ip).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])
    assert primary.records(host, "AAAA") == (GATEWAY_TTL, [V6])
    assert primary.serial() == serial + 1, "one message, one commit"


def test_the_whole_rrset_is_replaced(primary, front):
    host = primary.new_host(OLD_V4, ("A", "192.0.2.2"), ("A", "192.0.2.3"))
    assert front(primary).update(host, V4).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_the_address_that_is_already_there(primary, front):
    host = primary.new_host(("A", V4))
    gateway = front(primary)
    for _ in range(2):
        assert gateway.update(host, V4).code == "OK"
        assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_the_ttl_is_the_zones(primary, gateway):
    host, key = primary.new_host(OLD_V4), primary.key()
    running = gateway(config_text([zone_setting(ZONE, primary, key, ttl=60)], [key]))
    assert running.update(host, V4).code == "OK"
    assert primary.records(host, "A") == (60, [V4])


def test_capitals_and_a_trailing_dot_are_the_same_host(primary, front):
    host = primary.new_host(OLD_V4)
    assert front(primary).update(host.upper() + ".", V4).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_the_serial_moves_twice_within_a_second(primary, front):
    host = primary.new_host(OLD_V4)
    gateway = front(primary)
    for attempt in range(20):
        serial, second = primary.serial(), int(time.time())
        for number in (1, 2):
            address = f"198.51.100.{2 * attempt + number}"
            assert gateway.update(host, address).code == "OK"
            assert primary.records(host, "A") == (GATEWAY_TTL, [address])
            assert primary.serial() == serial + number
        if int(time.time()) == second:
            return
    pytest.fail("this machine never manages two updates within one second")


def test_many_hosts_at_once(primary, front):
    hosts = [primary.new_host(OLD_V4) for _ in range(40)]
    gateway = front(primary)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda host: gateway.update(host, V4).code, hosts))
    assert answers == ["OK"] * len(hosts)
    assert all(primary.records(host, "A") == (GATEWAY_TTL, [V4]) for host in hosts)


def test_many_updates_of_one_host(primary, front):
    """Pipelined on one connection, so that their order is known: the last one stays."""
    host = primary.new_host(OLD_V4)
    addresses = [f"198.51.100.{number}" for number in range(1, 21)]
    with front(primary).connect() as connection:
        for address in addresses:
            connection.request("GET", "/dynamic.cgi?" + form(host=host, ip=address, user=LOGIN, password=API_KEY))
        assert [connection.answer().code for _ in addresses] == ["OK"] * len(addresses)
    assert primary.records(host, "A") == (GATEWAY_TTL, [addresses[-1]])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm(primary, front, algorithm):
    host = primary.new_host(OLD_V4)
    assert front(primary, algorithm).update(host, V4).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_key_from_a_bind_key_file(primary, gateway):
    host, key = primary.new_host(OLD_V4), primary.key()
    config = config_text([zone_setting(ZONE, primary, key)], [{"file": "@FOLDER@/gw.key"}])
    running = gateway(config, files=[("gw.key", key.bind_file)])
    assert running.update(host, V4).code == "OK"
    assert primary.records(host, "A") == (GATEWAY_TTL, [V4])


# NF_HOST

@pytest.mark.parametrize("records, ip, missing", [
    ([OLD_V6], V4, "A"), ([OLD_V4], V6, "AAAA"),
    ([("TXT", '"no address"')], V4, "A"), ([("TXT", '"no address"')], V6, "AAAA"),
    ([OLD_V6], f"{V4},{V6}", "A"), ([OLD_V4], f"{V4},{V6}", "AAAA"), ([OLD_V6], f"{V6},{V4}", "A"),
], ids=["A", "AAAA", "A-of-a-txt", "AAAA-of-a-txt", "A-of-both", "AAAA-of-both", "A-of-both-reversed"])
def test_a_missing_record_is_named_and_nothing_changes(primary, front, records, ip, missing):
    host = primary.new_host(*records)
    before = [primary.records(host, rdtype) for rdtype in ("A", "AAAA")], primary.serial()
    answer = front(primary).update(host, ip)
    assert answer.status == 404
    assert answer.text.split() == ["NF_HOST", host, missing]
    assert ([primary.records(host, rdtype) for rdtype in ("A", "AAAA")], primary.serial()) == before


@pytest.mark.parametrize("ip, missing", [(V4, ["A"]), (V6, ["AAAA"]), (f"{V4},{V6}", ["A", "AAAA"])])
def test_a_host_that_does_not_exist(primary, front, ip, missing):
    answer = front(primary).update(f"nobody.{ZONE}", ip)
    assert answer.status == 404
    assert answer.text.split()[:2] == ["NF_HOST", f"nobody.{ZONE}"]
    assert set(answer.text.split()[2:]) <= set(missing) and answer.text.split()[2:]


def test_an_alias_is_not_an_address_record(primary, front):
    host = primary.new_host(("CNAME", f"ns.{ZONE}."))
    assert front(primary).update(host, V4).code == "NF_HOST"
    assert primary.records(f"ns.{ZONE}", "A")[1] == ["127.0.0.1"]


def test_work_goes_on_after_a_host_that_does_not_exist(primary, front):
    host = primary.new_host(OLD_V4)
    gateway = front(primary)
    for _ in range(3):
        assert gateway.update(f"nobody.{ZONE}", V4).code == "NF_HOST"
        assert gateway.update(host, V4).code == "OK"


# SF_DNS: what a primary refuses. Nothing was changed, the log says why, and the updates of another zone go on.

@pytest.fixture
def refused(primary, gateway):
    """Runs an update that a primary refuses through a gateway that also serves the healthy zone. The words are to be
    in one log line, which a warning or an error is."""
    def check(zone, key, *words, at=primary):
        healthy_key = primary.key()
        zones = [zone_setting(ZONE, primary, healthy_key), zone_setting(zone, at, key)]
        users = [user_setting(hosts=[f"zone:{each['name']}" for each in zones])]
        running = gateway(config_text(zones, {each.name: each for each in (healthy_key, key)}.values(), users))
        for _ in range(2):
            answer = running.update(f"www.{zone}", V4)
            assert (answer.code, answer.status) == ("SF_DNS", 502), answer.text
            healthy = primary.new_host(OLD_V4)
            assert running.update(healthy, V4).code == "OK"
            assert primary.records(healthy, "A") == (GATEWAY_TTL, [V4])
        assert zone == UNSERVED_ZONE or at.records(f"www.{zone}", "A")[1] == [OLD_V4[1]]
        complaints = [line for line in running.log.splitlines() if re.search("level=(warning|error) ", line)]
        assert [line for line in complaints if all(word in line for word in words)], running.log
    return check


def test_policy_refusal(primary, refused):
    refused(READ_ONLY_ZONE, primary.key(), READ_ONLY_ZONE, "hmac-sha256")


def test_zone_not_served(primary, refused):
    refused(UNSERVED_ZONE, primary.key(), UNSERVED_ZONE)


def test_wrong_secret(refused):
    refused(SECOND_ZONE, Key("hmac-sha512", "hmac-sha512"), "hmac-sha512")


def test_unknown_key_name(refused):
    refused(SECOND_ZONE, Key("no-such-key"), "no-such-key")


def test_wrong_algorithm(primary, refused):
    refused(SECOND_ZONE, Key("hmac-sha512", "hmac-sha384", primary.key("hmac-sha512").secret), "hmac-sha512")


@pytest.mark.parametrize("skew_s", [3600, -3600])
def test_clock_skew(primary, refused, skew_s):
    with running_server(type(primary), clock_skew_s=skew_s) as skewed:
        refused(SECOND_ZONE, skewed.key("hmac-sha512"), "clock", at=skewed)


# UA_DNS: primaries that go and come

def test_a_primary_that_is_down(own_primary, front):
    """Nothing was sent, so the outcome is known: nothing was changed. Back again, it gets updates again."""
    host = own_primary.new_host(OLD_V4)
    own_primary.stop()
    gateway = front(own_primary, **SHORT_TIMEOUTS)
    for _ in range(2):
        answer = gateway.update(host, V4)
        assert (answer.code, answer.status) == ("UA_DNS", 503)
        assert "unknown" not in answer.text
    own_primary.resume()
    assert wait_until(lambda: gateway.update(host, V4).code == "OK")
    assert own_primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_a_primary_that_hangs(own_primary, front):
    """Stopped in its tracks: the system still accepts connections for it, but no answer comes. Then it goes on, and
    so do updates."""
    host = own_primary.new_host(OLD_V4)
    gateway = front(own_primary, **SHORT_TIMEOUTS)
    assert gateway.update(host, "198.51.100.1").code == "OK"
    own_primary.freeze()
    answer = gateway.update(host, V4)
    assert (answer.code, answer.status) == ("UA_DNS", 503)
    assert "unknown" in answer.text
    own_primary.thaw()
    assert wait_until(lambda: gateway.update(host, V4).code == "OK")
    assert own_primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_a_restart_between_updates_costs_no_request(own_primary, front):
    host = own_primary.new_host(OLD_V4)
    gateway = front(own_primary)
    for number in range(1, 4):
        assert gateway.update(host, f"198.51.100.{number}").code == "OK"
        own_primary.restart()
    assert gateway.update(host, V4).code == "OK"
    assert own_primary.records(host, "A") == (GATEWAY_TTL, [V4])


def test_a_crash_while_updates_are_made_never_yields_a_false_ok(own_primary, front):
    """Whatever was answered OK is in the zone after the primary, killed without warning, has come back."""
    hosts = [own_primary.new_host(OLD_V4) for _ in range(40)]
    gateway = front(own_primary, **SHORT_TIMEOUTS)
    with ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(gateway.update, host, V4) for host in hosts]
        wait_until(lambda: sum(answer.done() for answer in answers) > 10, interval_s=0.001)
        own_primary.process.kill()
        codes = [answer.result().code for answer in answers]
    own_primary.resume()
    assert set(codes) <= {"OK", "UA_DNS"}
    for host, code in zip(hosts, codes):
        assert code != "OK" or own_primary.records(host, "A") == (GATEWAY_TTL, [V4])
