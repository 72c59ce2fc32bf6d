"""Debian's PowerDNS as a primary: what the other tests show of BIND and Knot, where it matters, and what PowerDNS does
in ways of its own: its refusals are not signed unless the key, its secret and the time are right."""

import contextlib
import sqlite3
import threading

import pytest

from conftest import READ_ONLY_ZONE, SECOND_ZONE, running_server
from gateway import ZONE, config_text, zone_setting
from process import LOOPBACK
from servers import Key, PowerDns, Zone
from test_creation import (  # noqa: F401
    creator, new_name, test_a_host_is_made, test_a_name_that_a_wildcard_covers, test_an_alias_is_no_place_for_addresses,
    test_offline, test_two_create_the_same_host)
from test_dyndns2 import test_good_then_nochg, test_nochg_is_the_primarys_word  # noqa: F401
from test_engine import (  # noqa: F401
    test_an_address_with_another_ttl_is_not_unchanged, test_an_unchanged_address_costs_no_serial,
    test_concurrent_updates_share_transactions, test_many_unchanged_addresses_at_once,
    test_one_of_two_addresses_is_unchanged)
from test_live_check import (  # noqa: F401
    check, test_what_is_asked_changes_nothing, the_failure, users_of)
from test_primary import (  # noqa: F401
    front, refused, test_a_host_that_does_not_exist, test_a_missing_record_is_named_and_nothing_changes,
    test_a_primary_that_hangs, test_a_primary_that_is_down, test_an_alias_is_not_an_address_record,
    test_both_families_at_once, test_every_algorithm, test_many_hosts_at_once, test_many_updates_of_one_host,
    test_ok_means_that_the_zone_already_has_it, test_other_types_and_other_names_stay_as_they_were,
    test_policy_refusal, test_the_address_that_is_already_there, test_the_other_family_stays_as_it_was,
    test_the_serial_moves_twice_within_a_second, test_the_whole_rrset_is_replaced, test_zone_not_served)

V4, OLD_V4 = "198.51.100.7", ("A", "192.0.2.1")
UNSIGNED = "the refusal is not signed, so the primary may not accept the key, its secret or the time"


@pytest.fixture(scope="module")
def primary():
    with running_server(PowerDns) as server:
        yield server


@pytest.fixture
def own_primary():
    with running_server(PowerDns) as server:
        yield server


@contextlib.contextmanager
def serving(kind=PowerDns, **options):
    with contextlib.closing(kind([Zone(ZONE, ("gw",))], [Key("gw")], **options)) as server:
        yield server.start()


@pytest.mark.parametrize("skew_s", [0, 200, -200])
def test_all_is_well(skew_s, check):  # noqa: F811
    """It signs its replies with the time of the question, so that nobody can tell how late it is there."""
    with serving(clock_skew_s=skew_s) as server:
        serial = server.serial()
        checked = check([zone_setting(ZONE, server, server.key("gw"))], [server.key("gw")],
                        users_of(f"www.{ZONE}", f"*.home.{ZONE}", f"nobody.{ZONE}"))
        assert checked.status == 0, checked.output
        start = f"OK   {ZONE} {LOOPBACK}:{server.port}: "
        assert [line for line in checked.lines if not line.startswith("WARN")] == [
            start + "answers",
            start + "takes TSIG key gw (hmac-sha256)",
            start + "its clock cannot be seen, because it signs with the time that it was asked with, as PowerDNS does; "
                    "it is within the 300 s allowed (fudge_s)",
            start + f"takes updates of the zone, serial {serial}",
            start + "key gw may change A and AAAA of all names that are configured (3)",
        ]
        assert server.serial() == serial


WRONG_KEYS = {
    "secret": lambda server: Key("gw"),
    "name": lambda server: Key("no-such-key"),
    "algorithm": lambda server: Key("gw", "hmac-sha512", server.key("gw").secret),
}


@pytest.mark.parametrize("wrong", WRONG_KEYS)
def test_a_wrong_key(wrong, check, gateway):  # noqa: F811
    """By the check, by the log and by the answer."""
    with serving() as server:
        key = WRONG_KEYS[wrong](server)
        text = the_failure(check([zone_setting(ZONE, server, key)], [key], users_of(f"www.{ZONE}")), ZONE, server)
        assert text.startswith(f"answers REFUSED, and {UNSIGNED}: make TSIG key {key.name} ({key.algorithm}) the same")
        running = gateway(config_text([zone_setting(ZONE, server, key)], [key]))
        answer = running.update(f"www.{ZONE}", V4)
        assert (answer.code, answer.status) == ("SF_DNS", 502)
        assert "nothing was changed" not in answer.text.lower()
        assert f'text="REFUSED: {UNSIGNED}: see key {key.name} and the clocks' in running.log
        assert server.records(f"www.{ZONE}", "A")[1] == [OLD_V4[1]]


@pytest.mark.parametrize("skew_s", [3600, -3600])
def test_a_wrong_clock(skew_s, check, gateway):  # noqa: F811
    with serving(clock_skew_s=skew_s) as server:
        key = server.key("gw")
        text = the_failure(check([zone_setting(ZONE, server, key)], [key], users_of(f"www.{ZONE}")), ZONE, server)
        assert UNSIGNED in text and "synchronise the clocks" in text
        running = gateway(config_text([zone_setting(ZONE, server, key)], [key]))
        assert running.update(f"www.{ZONE}", V4).code == "SF_DNS"
        assert f"NOTAUTH: {UNSIGNED}" in running.log or f"REFUSED: {UNSIGNED}" in running.log


class Elsewhere(PowerDns):
    allowed_from = "192.0.2.0/24"


class Shut(PowerDns):
    def _config(self):
        return super()._config().replace("dnsupdate=yes", "dnsupdate=no")


class Others(PowerDns):
    def _metadata(self, zone):
        return [("TSIG-ALLOW-DNSUPDATE", "admin")]


@pytest.mark.parametrize("kind", [Elsewhere, Shut, Others])
def test_a_key_that_is_not_let_in(kind, check, gateway):  # noqa: F811
    """These refusals are signed: the key is right."""
    with serving(kind) as server:
        key = server.key("gw")
        text = the_failure(check([zone_setting(ZONE, server, key)], [key], users_of(f"www.{ZONE}")), ZONE, server)
        assert "takes no updates of it with key gw (REFUSED)" in text
        for setting in ("dnsupdate=yes", "allow-dnsupdate-from", "TSIG-ALLOW-DNSUPDATE"):
            assert setting in text
        running = gateway(config_text([zone_setting(ZONE, server, key)], [key]))
        assert running.update(f"www.{ZONE}", V4).code == "SF_DNS"
        assert "allow-dnsupdate-from" in running.log and "not signed" not in running.log


def test_other_zones_go_on_meanwhile(primary, refused):  # noqa: F811
    refused(SECOND_ZONE, Key("hmac-sha512", "hmac-sha512"), "hmac-sha512", UNSIGNED)
    refused(READ_ONLY_ZONE, primary.key(), "TSIG-ALLOW-DNSUPDATE")


def test_what_a_primary_remembers_of_a_record_that_was_changed_in_its_database(front):  # noqa: F811
    """Its caches give an older value for up to 20 seconds, its prerequisites do not."""
    with running_server(PowerDns) as server:
        name = server.new_host(OLD_V4)
        running = front(server)
        assert running.update(name, "192.0.2.50").code == "OK"
        assert server.records(name, "A")[1] == ["192.0.2.50"]
        with contextlib.closing(sqlite3.connect(server._database)) as database, database:
            database.execute("UPDATE records SET content = '192.0.2.99' WHERE name = ?", (name,))
        answer = running.update(name, V4)
        assert answer.code == "OK" and server.records(name, "A")[1] == [V4] or answer.code in ("SF_DNS", "UA_DNS")


def test_two_gateways_never_undo_what_was_answered(front, primary):  # noqa: F811
    """The value that was seen is the condition of a change, there as elsewhere."""
    name = primary.new_host(OLD_V4)
    gateways = [front(primary), front(primary)]
    for round_number in range(15):
        answers = {}

        def ask(which, address):
            answers[address] = gateways[which].update(name, address).code  # noqa: B023

        addresses = [f"198.51.{round_number}.{which + 1}" for which in range(2)]
        threads = [threading.Thread(target=ask, args=pair) for pair in enumerate(addresses)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(answers.values()) == ["OK", "OK"]
        assert primary.records(name, "A")[1][0] in addresses


def test_a_full_message(front, primary):  # noqa: F811
    hosts = primary.new_hosts(300, OLD_V4)
    running = front(primary)
    results = [None] * len(hosts)

    def ask(part):
        for number in range(part, len(hosts), 16):
            results[number] = running.update(hosts[number], V4).code

    threads = [threading.Thread(target=ask, args=(part,)) for part in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["OK"] * len(hosts)
    assert all(primary.records(each, "A")[1] == [V4] for each in hosts)
